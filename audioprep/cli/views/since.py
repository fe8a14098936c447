"""Moments as people type them: `30m`, `2h`, `1d`, or ISO 8601."""

import re
from datetime import UTC, datetime, timedelta

from audioprep.jobs.timestamps import from_text

_AGO = re.compile(r"(\d{1,9})([smhdw])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def moment_from(text: str, now: datetime) -> datetime:
    """The moment that `text` names, in UTC. Raises ValueError with a sentence that says what can be typed."""
    ago = _AGO.fullmatch(text.strip().lower())
    try:
        if ago:
            return now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        return from_text(text.strip()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(f"{text[:40]!r} is not a time: type 30m, 2h, 1d, or 2026-01-31T12:00:00Z.") from None
