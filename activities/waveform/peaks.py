"""The outline of a recording: the lowest and highest sample of any channel in every fiftieth of a second, drawn."""

import io
import json

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from audioprep.activities.ffmpeg.decode import Samples

PAIRS_PER_SECOND = 50
_FULL_SCALE = 32768  # of a 16-bit sample


class PeakMeter:
    """Takes samples in blocks of any length and keeps one (min, max) pair per window, over all channels.

    What sounds on one side only, or upside down on the other, shows as loud as it is: a mean of the channels would
    hide it. Window k holds the samples from round(k * rate / 50) up to round((k + 1) * rate / 50), so that rates which
    50 does not divide do not drift.
    """

    def __init__(self, sample_rate: int, channels: int = 1) -> None:
        self._rate = sample_rate
        self._channels = channels
        self._count = 0
        self._lows: list[NDArray[np.int16]] = []
        self._highs: list[NDArray[np.int16]] = []
        self._open = np.empty(0, dtype=np.int16)  # samples of the window that is not full yet, of all channels in turn
        self._windows = 0

    @property
    def samples(self) -> int:
        """How many samples of one channel came so far."""
        return self._count

    @property
    def seconds(self) -> float:
        return self._count / self._rate

    def add(self, block: Samples) -> None:
        """Take in samples of shape (n,) or (n, channels)."""
        flat = block.reshape(-1)
        begin = self._count - len(self._open) // self._channels
        self._count += len(flat) // self._channels
        data = np.concatenate([self._open, flat]) if len(self._open) else flat
        full = self._count * PAIRS_PER_SECOND // self._rate
        while full > self._windows and self._start(full) > self._count:
            full -= 1
        starts = (self._start(np.arange(self._windows, full)) - begin) * self._channels
        end = (int(self._start(full)) - begin) * self._channels if full > self._windows else 0
        if len(starts):
            self._take(data[:end], starts)
            self._windows = full
        self._open = data[end:].copy()

    def pairs(self) -> NDArray[np.float32]:
        """All pairs, shape (n, 2), in -1..1; a last window that is not full counts as one."""
        if len(self._open):
            self._take(self._open, np.zeros(1, dtype=np.int64))
            self._open = self._open[:0]
        if not self._lows:
            return np.empty((0, 2), dtype=np.float32)
        columns = (np.concatenate(self._lows), np.concatenate(self._highs))
        return np.stack(columns, axis=1).astype(np.float32) / np.float32(_FULL_SCALE)

    def _take(self, data: NDArray[np.int16], starts: NDArray[np.int64]) -> None:
        self._lows.append(np.minimum.reduceat(data, starts))
        self._highs.append(np.maximum.reduceat(data, starts))

    def _start(self, window: NDArray[np.int64] | int) -> NDArray[np.int64]:
        return np.asarray(
            (np.asarray(window, dtype=np.int64) * self._rate * 2 + PAIRS_PER_SECOND) // (2 * PAIRS_PER_SECOND)
        )


def to_json(pairs: NDArray[np.float32]) -> bytes:
    """`peaks.json`: a flat array min,max,min,max,... with four decimals."""
    flat = np.round(pairs.astype(np.float64).ravel(), 4).tolist()
    return json.dumps(flat, separators=(",", ":")).encode()


WIDTH, HEIGHT = 1800, 280  # pixels
_INK = (37, 99, 235, 255)


def draw_waveform(pairs: NDArray[np.float32]) -> bytes:
    """A PNG with a transparent ground: one column per stretch of time, from its lowest to its highest sample."""
    low, high = _columns(pairs)
    rows = np.linspace(1.0, -1.0, HEIGHT, dtype=np.float32)[:, None]
    half_row = 1.0 / HEIGHT  # so that silence is a line and not nothing
    inked = (rows <= high[None, :] + half_row) & (rows >= low[None, :] - half_row)
    pixels = np.zeros((HEIGHT, WIDTH, 4), dtype=np.uint8)
    pixels[inked] = _INK
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, format="PNG", optimize=True)
    return out.getvalue()


def _columns(pairs: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The lowest and highest value of each column; a recording with fewer pairs than columns repeats them."""
    count = len(pairs)
    if count < WIDTH:
        wide = pairs[np.arange(WIDTH) * count // WIDTH]
        return wide[:, 0], wide[:, 1]
    starts = np.arange(WIDTH) * count // WIDTH
    return np.minimum.reduceat(pairs[:, 0], starts), np.maximum.reduceat(pairs[:, 1], starts)
