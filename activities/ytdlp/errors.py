"""yt-dlp's error messages, classified into transient and permanent job errors. Pure: a table of patterns."""

import re
from datetime import timedelta
from typing import Final, NamedTuple

from audioprep.activities.download.http_status import error_for_status
from audioprep.jobs.errors import ErrorKind, JobError, PermanentError, TransientError


class _Meaning(NamedTuple):
    pattern: re.Pattern[str]
    error: type[JobError]
    kind: ErrorKind
    sentence: str


def _means(pattern: str, error: type[JobError], kind: ErrorKind, sentence: str) -> _Meaning:
    return _Meaning(re.compile(pattern, re.IGNORECASE), error, kind, sentence)


# What a site says of a recording: it comes before what HTTP says of a request. The first that matches counts.
_OF_RECORDINGS: Final = (
    _means(
        r"confirm you.{1,3}re not a bot",
        PermanentError,
        ErrorKind.BOT_CHECK,
        "YouTube asks this server to confirm that it is not a bot: download the recording yourself and upload it.",
    ),
    _means(
        r"members.only|members on level|join this channel",
        PermanentError,
        ErrorKind.REFUSED,
        "The recording is for members of its channel only.",
    ),
    _means(
        r"private video|(video|playlist) is private", PermanentError, ErrorKind.REFUSED, "The recording is private."
    ),
    _means(
        r"confirm your age|age.restricted|inappropriate for some users",
        PermanentError,
        ErrorKind.REFUSED,
        "The recording is age-restricted and cannot be fetched without a login.",
    ),
    _means(
        r"geo.?restrict|(in|from) your (country|location|region)",
        PermanentError,
        ErrorKind.REFUSED,
        "The recording is not available in the country this server is in.",
    ),
    _means(
        r"premieres in|live event will begin|is upcoming|offline",
        PermanentError,
        ErrorKind.SOURCE_MISSING,
        "The recording has not been published yet.",
    ),
    _means(
        r"(video|playlist|content|media|track|recording)( is| was)? (un|not |no longer )available|has been removed"
        r"|been terminated|does not exist|copyright (claim|grounds)",
        PermanentError,
        ErrorKind.SOURCE_MISSING,
        "The recording has been removed or is not available.",
    ),
    _means(r"\bDRM\b", PermanentError, ErrorKind.UNSUPPORTED_MEDIA, "The recording is protected by DRM."),
    _means(
        r"log ?in required|sign in|log in|logged.in|--username|--cookies|registered users|authentication",
        PermanentError,
        ErrorKind.REFUSED,
        "The site gives the recording only to users who are logged in.",
    ),
    _means(
        r"unsupported url|no video formats found|requested format is not available|no (media|video)",
        PermanentError,
        ErrorKind.UNSUPPORTED_MEDIA,
        "The page has no recording that yt-dlp can find.",
    ),
    _means(
        r"not a valid url|invalid url",
        PermanentError,
        ErrorKind.INVALID_PAYLOAD,
        "The URL is not one that yt-dlp can read.",
    ),
)
_OF_TRANSPORT: Final = (
    _means(
        r"failed to resolve|name or service|name resolution|getaddrinfo",
        TransientError,
        ErrorKind.NETWORK,
        "The site's name could not be resolved.",
    ),
    _means(
        r"no space left|disk quota",
        TransientError,
        ErrorKind.STORAGE,
        "The download could not be written: the worker's disk is full.",
    ),
    _means(
        r"timed out|refused|reset|remote end closed|incompleteread|more expected|broken pipe|unable to connect"
        r"|tunnel connection|transporterror|proxyerror|sslerror|ssl:|unreachable|no route|failed to establish"
        r"|fragment \d+ not found|unable to download|connection (aborted|broken)",
        TransientError,
        ErrorKind.NETWORK,
        "The connection to the site failed or broke off.",
    ),
)
_STATUS: Final = re.compile(r"(?:HTTP Error|tunnel connection failed:) (\d{3})", re.IGNORECASE)
_PREFIX: Final = re.compile(r"^(ERROR:\s*)?(\[[^\]]{1,60}\]\s*)?([\w-]{1,40}:\s)?")


def classify(last_stderr_line: str, host: str, retry_after: timedelta | None = None) -> JobError:
    """The error for a run of yt-dlp that failed with this line. `retry_after` is the site's wish, if it had one."""
    status = _STATUS.search(last_stderr_line)
    meaning = _find(_OF_RECORDINGS, last_stderr_line)
    if meaning is None and status:
        return error_for_status(int(status[1]), host, retry_after)
    meaning = meaning or _find(_OF_TRANSPORT, last_stderr_line)
    if meaning:
        return meaning.error(meaning.kind, meaning.sentence)
    said = _PREFIX.sub("", last_stderr_line, count=1).split("; please report")[0][:160].rstrip(". ")
    return TransientError(ErrorKind.CHILD_FAILED, f"yt-dlp could not fetch the recording ({said}).")


def _find(meanings: tuple[_Meaning, ...], words: str) -> _Meaning | None:
    return next((meaning for meaning in meanings if meaning.pattern.search(words)), None)
