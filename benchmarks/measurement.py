"""What a measurement is, and one line of its table."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Row:
    """One figure. `compared` is what stands beside it, taken in the same run; `ratio` is None where nothing does.

    `reached` says whether the goal was met; None where the figure is only told.
    """

    what: str
    value: str
    compared: str = ""
    ratio: float | None = None
    goal: str = ""
    reached: bool | None = None


def at_most(what: str, value: float, limit: float, unit: str, *, digits: int = 2, compared: str = "") -> Row:
    """A figure that must not be larger than `limit`."""
    return Row(what, f"{value:.{digits}f} {unit}", compared, None, f"at most {limit:g} {unit}", value <= limit)


def ratio_at_least(what: str, value: str, compared: str, ratio: float, goal: float) -> Row:
    return Row(what, value, compared, ratio, f"ratio at least {goal:.2f}", ratio >= goal)


def ratio_at_most(what: str, value: str, compared: str, ratio: float, goal: float) -> Row:
    return Row(what, value, compared, ratio, f"ratio at most {goal:.2f}", ratio <= goal)


Run: TypeAlias = Callable[[Path, bool], Awaitable[Sequence[Row]]]
"""Takes an empty folder, and whether a trial is wanted: everything once and small, to see that it works."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """One section of the results. `about` says what was done, in a sentence or two for the reader of the table."""

    name: str
    title: str
    about: str
    run: Run
