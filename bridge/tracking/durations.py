"""Durations of jobs that completed: the median of the last hundred of each type."""

from collections import deque
from collections.abc import Mapping
from statistics import median
from typing import Final

_KEPT: Final = 100


class Durations:
    """Seconds from claim to end. What another bridge had measured counts until there is a duration of our own."""

    def __init__(self) -> None:
        self._last: dict[str, deque[float]] = {}
        self._seed: Mapping[str, float] = {}

    def seed(self, medians: Mapping[str, float]) -> None:
        self._seed = dict(medians)

    def add(self, job_type: str, seconds: float) -> None:
        self._last.setdefault(job_type, deque(maxlen=_KEPT)).append(seconds)

    def medians(self) -> dict[str, float]:
        """By type; whole seconds, below ten with one decimal, so that few of them are changes worth writing."""
        own = {job_type: _rounded(median(seconds)) for job_type, seconds in self._last.items()}
        return {**self._seed, **own}


def _rounded(seconds: float) -> float:
    return round(seconds, 1) if seconds < 10 else float(round(seconds))
