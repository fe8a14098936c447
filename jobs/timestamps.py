"""Times as the table writes them: ISO 8601, UTC, milliseconds, `Z`."""

from datetime import UTC, datetime


def to_text(moment: datetime) -> str:
    """`2026-01-31T12:00:00.000Z`. A naive datetime is refused with ValueError: its zone would be a guess."""
    if moment.tzinfo is None:
        raise ValueError("a job's time needs a time zone")
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def from_text(text: str) -> datetime:
    """The moment a row's text names. Text without a zone counts as UTC, since other programs may leave the `Z` out.

    Raises ValueError when the text is no ISO 8601 time.
    """
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def utc_now() -> datetime:
    return datetime.now(UTC)
