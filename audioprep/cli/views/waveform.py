"""A recording's outline in characters, from the pairs of `peaks.json`. Pure."""

import math
from collections.abc import Sequence
from itertools import pairwise

# A character holds two columns and two rows. Bits from the lowest: upper left, upper right, lower left, lower right.
_QUADRANTS = " ▘▝▀▖▌▞▛▗▚▐▜▄▙▟█"


def draw(peaks: Sequence[float], width: int, height: int) -> list[str]:
    """`height` lines of up to `width` characters. `peaks` is flat: min, max, min, max, ... in -1..1.

    Scaled so that the loudest place reaches the edge: a quiet recording has a shape, too.
    """
    peak = _peak(peaks) or 1.0
    columns = [(low / peak, high / peak) for low, high in _columns(peaks, 2 * width)]
    rows = [_row(columns, row, 2 * height) for row in range(2 * height)]
    return [_line(upper, lower) for upper, lower in zip(rows[::2], rows[1::2], strict=True)]


def peak_level(peaks: Sequence[float]) -> str:
    """The loudest sample, in dB of full scale."""
    peak = _peak(peaks)
    return f"{20 * math.log10(peak):.1f} dBFS" if peak else "none: digital silence"


def _peak(peaks: Sequence[float]) -> float:
    return max((abs(value) for value in peaks), default=0.0)


def _columns(peaks: Sequence[float], count: int) -> list[tuple[float, float]]:
    """The lowest and highest value of each column; fewer columns when there are fewer pairs."""
    pairs = len(peaks) // 2
    count = min(count, pairs)
    edges = [2 * (index * pairs // count) for index in range(count + 1)] if count else []
    return [(min(peaks[start:end:2]), max(peaks[start + 1 : end : 2])) for start, end in pairwise(edges)]


def _row(columns: Sequence[tuple[float, float]], row: int, rows: int) -> list[bool]:
    """Which columns are inked in one row: those whose stretch reaches its middle. Silence is a line in the middle."""
    middle = 1 - (2 * row + 1) / rows
    slack = 1 / rows
    return [low - slack <= middle <= high + slack for low, high in columns]


def _line(upper: Sequence[bool], lower: Sequence[bool]) -> str:
    cells = []
    for column in range(0, len(upper), 2):
        quarters = [*_two(upper, column), *_two(lower, column)]
        cells.append(_QUADRANTS[sum(1 << bit for bit, inked in enumerate(quarters) if inked)])
    return "".join(cells)


def _two(row: Sequence[bool], column: int) -> tuple[bool, bool]:
    return row[column], column + 1 < len(row) and row[column + 1]
