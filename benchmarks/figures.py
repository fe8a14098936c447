"""Sums over samples."""

from collections.abc import Sequence
from statistics import median as median


def quantile(values: Sequence[float], share: float) -> float:
    """The smallest sample that `share` of all samples do not pass (nearest rank)."""
    ordered = sorted(values)
    rank = max(-(-round(share * len(ordered) * 1000) // 1000), 1)
    return ordered[rank - 1]


def spread(values: Sequence[float], digits: int = 2) -> str:
    """The median with the smallest and the largest, so that a reader sees the noise."""
    return f"{median(values):.{digits}f} ({min(values):.{digits}f}..{max(values):.{digits}f})"
