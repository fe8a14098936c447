"""Loudness over time: ffmpeg's meter with a log of each 100 ms, its figures, and their picture."""

import io
import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from audioprep.activities.render.loudness import parse_summary
from audioprep.jobs.types.loudness import LoudnessFigures

Levels: TypeAlias = NDArray[np.float32]

_RANGE: Final = re.compile(r"^[ \t]*LRA:[ \t]+(\d+(?:\.\d+)?) LU", re.MULTILINE)
_VALUE: Final = re.compile(r"^lavfi\.r128\.[MS]=(-?\d{1,9}(?:\.\d{1,9})?|-?inf|nan)$", re.MULTILINE)
_FRAMES_PER_SECOND: Final = 10
_BYTES_PER_FRAME: Final = 160  # of both logs
_GATE: Final = -70.0  # LUFS
_WINDOW: Final = 3.0  # seconds of a short-term value
MOMENTARY, SHORT_TERM = "momentary.txt", "short-term.txt"
"""The logs' names in the folder where ffmpeg runs."""

CHART_METER: Final = (
    "ebur128=peak=true:framelog=verbose:metadata=1"
    f",ametadata=mode=print:key=lavfi.r128.M:file={MOMENTARY}"
    f",ametadata=mode=print:key=lavfi.r128.S:file={SHORT_TERM}"
)


@dataclass(frozen=True, slots=True)
class LoudnessChart:
    """Figures of a sound, and its momentary and short-term loudness, ten values a second."""

    figures: LoudnessFigures
    momentary: Levels
    short_term: Levels


def log_bytes(seconds: float) -> int:
    """What the logs of a sound may take, at most."""
    return math.ceil(seconds * _FRAMES_PER_SECOND + 100) * _BYTES_PER_FRAME


def read_chart(folder: Path, said: str, seconds: float) -> LoudnessChart | None:
    """What the meter said and wrote; None when it ended without a summary."""
    heard = parse_summary(said)
    if heard is None:
        return None
    momentary, short_term = (_levels(folder / name) for name in (MOMENTARY, SHORT_TERM))
    loudest = float(short_term.max(initial=_GATE))
    ranges = _RANGE.findall(said)
    figures = LoudnessFigures(
        integrated=heard.integrated,
        range=float(ranges[-1]) if ranges and heard.integrated is not None else None,
        short_term_max=round(loudest, 1) if loudest > _GATE and seconds >= _WINDOW else None,
        true_peak=heard.true_peak,
    )
    return LoudnessChart(figures, momentary, short_term)


def _levels(log: Path) -> Levels:
    values = [float(value) for value in _VALUE.findall(log.read_text(encoding="ascii", errors="replace"))]
    return np.nan_to_num(np.array(values, dtype=np.float32), nan=_GATE, neginf=_GATE, posinf=0).clip(_GATE, 0)


WIDTH, HEIGHT = 1800, 360  # pixels
_TOP, _BOTTOM, _STEP = 0, -60, 10  # LUFS
_GRID, _TEXT = (203, 213, 225, 255), (71, 85, 105, 255)
_FILL, _LINE, _OTHER = (147, 197, 253, 255), (29, 78, 216, 255), (148, 163, 184, 255)


def draw_chart(shown: LoudnessChart, before: LoudnessChart | None) -> bytes:
    """A PNG with a transparent ground: momentary loudness as an area, short-term as a line, `before` as a grey one."""
    image = Image.new("RGBA", (WIDTH, HEIGHT))
    draw = ImageDraw.Draw(image)
    for x, level in enumerate(_columns(shown.momentary)):
        draw.line([(x, _row(level)), (x, HEIGHT)], fill=_FILL)
    for lufs in range(_TOP - _STEP, _BOTTOM, -_STEP):
        draw.line([(0, _row(lufs)), (WIDTH, _row(lufs))], fill=_GRID)
        draw.text((4, _row(lufs) + 2), f"{lufs} LUFS", fill=_TEXT)
    if before is not None:
        draw.line(_curve(before.short_term), fill=_OTHER, width=2)
    draw.line(_curve(shown.short_term), fill=_LINE, width=2)
    out = io.BytesIO()
    image.save(out, format="PNG", optimize=True)
    return out.getvalue()


def _curve(levels: Levels) -> list[tuple[float, float]]:
    return [(float(x), _row(float(level))) for x, level in enumerate(_columns(levels))]


def _columns(levels: Levels) -> Levels:
    """The loudest value of each column; a sound with fewer values than columns repeats them."""
    if not len(levels):
        return np.full(WIDTH, _GATE, dtype=np.float32)
    starts = np.arange(WIDTH) * len(levels) // WIDTH
    columns: Levels = np.maximum.reduceat(levels, starts)
    return columns


def _row(lufs: float) -> float:
    return (_TOP - max(lufs, float(_BOTTOM))) / (_TOP - _BOTTOM) * (HEIGHT - 1)
