"""What an HTTP status says about a download, in the words of our error tree."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

from audioprep.jobs.errors import ErrorKind, JobError, PermanentError, TransientError

MAX_RETRY_AFTER: Final = timedelta(minutes=5)  # a job has little more time than that in all
_PASSING: Final = frozenset({408, 425, 429})
_REFUSALS: Final = {
    401: (ErrorKind.REFUSED, "asks for a login"),
    403: (ErrorKind.REFUSED, "refused access to the file"),
    404: (ErrorKind.SOURCE_MISSING, "has no such file"),
    410: (ErrorKind.SOURCE_MISSING, "has removed the file"),
    451: (ErrorKind.REFUSED, "may not give out the file for legal reasons"),
}


def error_for_status(status: int, host: str, retry_after: timedelta | None = None) -> JobError:
    """The error for an answer that is no file. `retry_after` is the server's wish, if it had one."""
    if status == 429:
        sentence = f"{host} answered that there were too many requests (HTTP 429)."
        return TransientError(ErrorKind.NETWORK, sentence, retry_after=retry_after)
    if status in _PASSING or status >= 500:
        sentence = f"{host} could not answer the download (HTTP {status})."
        return TransientError(ErrorKind.NETWORK, sentence, retry_after=retry_after)
    kind, what = _REFUSALS.get(status, (ErrorKind.REFUSED, "did not give out the file"))
    return PermanentError(kind, f"{host} {what} (HTTP {status}).")


def parse_retry_after(value: str | None, now: datetime | None = None) -> timedelta | None:
    """The wait that a `Retry-After` header asks for, as seconds or as a date; None when it cannot be read.

    Between 0 and five minutes: https://www.rfc-editor.org/rfc/rfc9110#field.retry-after
    """
    if not value:
        return None
    value = value.strip()
    if value.isascii() and value.isdigit():
        return timedelta(seconds=min(int(value[:9]), MAX_RETRY_AFTER.total_seconds()))
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return min(max(moment - (now or datetime.now(UTC)), timedelta(0)), MAX_RETRY_AFTER)
