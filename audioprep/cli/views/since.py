"""Moments as people type them: `30m`, `2h`, `1d`, or ISO 8601."""

from contextlib import suppress
from datetime import UTC, datetime

from audioprep.jobs.timestamps import duration_of, from_text


def moment_from(text: str, now: datetime) -> datetime:
    """The moment that `text` names, in UTC. Raises ValueError with a sentence that says what can be typed."""
    with suppress(ValueError, OverflowError):
        return now - duration_of(text)
    try:
        return from_text(text.strip()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(f"{text[:40]!r} is not a time: type 30m, 2h, 1d, or 2026-01-31T12:00:00Z.") from None
