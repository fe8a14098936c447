"""Times as the table writes them: ISO 8601, UTC, milliseconds, `Z`."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d")  # how an ISO 8601 time of the table begins

_DURATION: Final = re.compile(r"(\d{1,9})([smhdw])")
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def duration_of(text: str) -> timedelta:
    """`30s`, `15m`, `2h`, `90d` or `4w`. Raises ValueError, with what can be typed, for anything else."""
    found = _DURATION.fullmatch(text.strip().lower())
    try:
        if found:
            return timedelta(**{_UNITS[found[2]]: int(found[1])})
    except OverflowError:
        pass
    raise ValueError(f"{text[:40]!r} is not a duration: type a number and s, m, h, d or w, such as 30d.")


def to_text(moment: datetime) -> str:
    """`2026-01-31T12:00:00.000Z`. A naive datetime is refused with ValueError: its zone would be a guess."""
    if moment.tzinfo is None:
        raise ValueError("a job's time needs a time zone")
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def from_text(text: str) -> datetime:
    """The moment a row's text names. Text without a zone counts as UTC, since other programs may leave the `Z` out.

    Raises ValueError, and nothing else, when the text is not an ISO 8601 time with dashes in its date: without them, a
    number of milliseconds would be read as a date of another century.
    """
    if not _DATE.match(text):
        raise ValueError(f"{text[:40]!r} is not an ISO 8601 time")
    moment = datetime.fromisoformat(text)
    try:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"{text[:40]!r} is before the first or after the last year") from None


def utc_now() -> datetime:
    return datetime.now(UTC)
