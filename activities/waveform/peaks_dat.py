"""Waveform data in the binary form of audiowaveform, version 2, 8 bit: what Peaks.js and waveform-data.js read.

https://github.com/bbc/audiowaveform/blob/master/doc/DataFormat.md
"""

import struct
from typing import Final

import numpy as np
from numpy.typing import NDArray

from audioprep.activities.ffmpeg.decode import Samples

SAMPLES_PER_PIXEL: Final = 256  # audiowaveform's own default; Peaks.js zooms from 512
_HEADER: Final = struct.Struct("<iIiiIi")  # version, flags, sample rate, samples per pixel, pixels, channels
_VERSION: Final = 2
_8_BIT: Final = 1  # flag
_MOST_CHANNELS: Final = 24  # that audiowaveform takes; more are mixed


class DatMeter:
    """Takes samples in blocks of any length and keeps one (min, max) pair per pixel of 256 samples.

    As audiowaveform does it: without `split` one pair of the mean of the channels, rounded towards zero; with it a pair
    for each channel. Pairs are the upper 8 bits, rounded towards zero. A last pixel that is not full counts as one.
    """

    def __init__(self, sample_rate: int, channels: int, *, split: bool = False) -> None:
        self._rate = sample_rate
        self._split = split and channels <= _MOST_CHANNELS
        self._shown = channels if self._split else 1
        self._open = np.empty((0, self._shown), dtype=np.int32)  # samples of the pixel that is not full yet
        self._pairs: list[NDArray[np.int8]] = []

    def add(self, block: Samples) -> None:
        """Take in samples of shape (n, channels)."""
        heard = block.astype(np.int32) if self._split else _mean(block)
        data = np.concatenate([self._open, heard]) if len(self._open) else heard
        full = len(data) // SAMPLES_PER_PIXEL * SAMPLES_PER_PIXEL
        if full:
            self._take(data[:full].reshape(-1, SAMPLES_PER_PIXEL, self._shown))
        self._open = data[full:].copy()

    def to_bytes(self) -> bytes:
        """`peaks.dat`: the header, and of each pixel minimum and maximum of each channel."""
        if len(self._open):
            self._take(self._open[None])
            self._open = self._open[:0]
        pairs = np.concatenate(self._pairs) if self._pairs else np.empty((0, self._shown, 2), dtype=np.int8)
        header = _HEADER.pack(_VERSION, _8_BIT, self._rate, SAMPLES_PER_PIXEL, len(pairs), self._shown)
        return header + pairs.tobytes()

    def _take(self, pixels: NDArray[np.int32]) -> None:
        """Shape (pixels, samples, channels)."""
        extremes = np.stack([pixels.min(axis=1), pixels.max(axis=1)], axis=-1)
        self._pairs.append(_divided(extremes, 256).astype(np.int8))


def _mean(block: Samples) -> NDArray[np.int32]:
    """The mean of the channels, rounded towards zero, shape (n, 1)."""
    total = block[:, 0].astype(np.int32)
    for channel in range(1, block.shape[1]):
        total += block[:, channel]
    return (_divided(total, block.shape[1]) if block.shape[1] > 1 else total)[:, None]


def _divided(values: NDArray[np.int32], divisor: int) -> NDArray[np.int32]:
    """Integer division that rounds towards zero, as in C."""
    quotient: NDArray[np.int32] = np.abs(values) // divisor
    return np.where(values < 0, -quotient, quotient)
