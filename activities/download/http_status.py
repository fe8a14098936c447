"""What the head of an HTTP answer says about a download: its status in the words of our error tree, its headers.

Headers are untrusted input. They are cut before they are parsed: the parsers of aiohttp and of the standard library
take quadratic time for some.
"""

import re
import warnings
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.errors import MessageError
from email.header import decode_header, make_header
from email.utils import parsedate_to_datetime
from typing import Final

from aiohttp import content_disposition_filename, parse_content_disposition

from audioprep.jobs.errors import ErrorKind, JobError, PermanentError, TransientError

MAX_RETRY_AFTER: Final = timedelta(minutes=5)  # a job has little more time than that in all
_MAX_HEADER: Final = 2048  # characters of a header's value that are looked at
_FILENAME: Final = re.compile(r"\bfilename ?= ?(?:\"([^\"]{1,500})\"|([^\"].{0,500}))", re.IGNORECASE)
_NEXT_PARAMETER: Final = re.compile(r"; ?[a-z*-]{1,30} ?=", re.IGNORECASE)
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


def parse_retry_after(
    value: str | None, now: datetime | None = None, at_most: timedelta = MAX_RETRY_AFTER
) -> timedelta | None:
    """The wait that a `Retry-After` header asks for, as seconds or as a date; None when it cannot be read.

    Between 0 and `at_most`: https://www.rfc-editor.org/rfc/rfc9110#field.retry-after
    """
    value = (value or "")[:_MAX_HEADER].strip()
    if value.isascii() and value.isdigit():
        return timedelta(seconds=min(int(value), at_most.total_seconds()))
    try:
        moment = parsedate_to_datetime(value)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        wait = moment - (now or datetime.now(UTC))
    except (ValueError, OverflowError):  # the time or its zone is beyond what a datetime can hold
        return None
    return min(max(wait, timedelta(0)), at_most)


def media_type_of(headers: Mapping[str, str]) -> str:
    """The `Content-Type` in lower case and without its parameters; an empty text when there is none."""
    return headers.get("Content-Type", "")[:_MAX_HEADER].partition(";")[0].strip().lower()


def filename_of(headers: Mapping[str, str]) -> str | None:
    """The file name in `Content-Disposition`, also where it breaks the rules as many servers do; None without one."""
    value = headers.get("Content-Disposition", "")[:_MAX_HEADER]
    name = _strict_filename(value) or _lenient_filename(value)
    return _decoded(name) if name else None


def _lenient_filename(value: str) -> str | None:
    """Without quotes although it has spaces or semicolons: up to the next parameter."""
    found = _FILENAME.search(value)
    return (found[1] or _NEXT_PARAMETER.split(found[2], maxsplit=1)[0]).strip(" '") if found else None


def _decoded(name: str) -> str:
    """Encoded words are for mail, but sent: https://www.rfc-editor.org/rfc/rfc2047"""
    if not name.startswith("=?"):
        return name
    try:
        return str(make_header(decode_header(name)))
    except (ValueError, LookupError, MessageError):  # unknown character sets, broken base64
        return name


def _strict_filename(value: str) -> str | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # they would bring the header to our log
        try:
            _, parameters = parse_content_disposition(value)
            return content_disposition_filename(parameters)
        except ValueError:
            return None
