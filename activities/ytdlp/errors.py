"""yt-dlp's failures, classified into transient and permanent job errors by what it said on stderr. Pure."""

import re
from datetime import timedelta
from typing import Final

from audioprep.activities.download.http_status import error_for_status
from audioprep.activities.ytdlp.messages.complaint import Complaint
from audioprep.activities.ytdlp.messages.meaning import LOGIN, Meaning
from audioprep.activities.ytdlp.messages.of_recordings import ELSEWHERE, OF_RECORDINGS, OF_SITE
from audioprep.activities.ytdlp.messages.of_server import OF_SERVER, OF_TRANSPORT, OF_YOUTUBE_PLAYER
from audioprep.jobs.errors import ErrorKind, JobError, PermanentError, TransientError
from audioprep.jobs.text.hosts import YOUTUBE_HOSTS, is_under

_MAX_SAID: Final = 160  # characters of a message without a meaning
# The recording itself is refused, after the page was given: the link is for another session, or has expired.
_OF_DATA: Final = re.compile(r"unable to download video data|got error", re.IGNORECASE)
_STALE_LINK: Final = {400: ErrorKind.NETWORK, 403: ErrorKind.REFUSED, 416: ErrorKind.NETWORK}
_STALE_SESSION: Final = {400: ErrorKind.NETWORK, 403: ErrorKind.REFUSED}
_TOO_MANY: Final = 429


def classify(said: Complaint, host: str, retry_after: timedelta | None = None) -> JobError:
    """The error for a run of yt-dlp that failed so at `host`. `retry_after` is how long to wait if it may pass."""
    youtube = any(is_under(host, name) for name in YOUTUBE_HOSTS)
    site = "YouTube" if youtube else host
    meaning = _find(OF_SERVER, said.words, youtube)
    if meaning is None and said.status is not None:
        return _of_status(said, said.status, site, youtube, retry_after)
    meaning = meaning or _of_recording(said, youtube) or _find(OF_TRANSPORT, said.transport, youtube)
    if meaning:
        return meaning.error(meaning.kind, meaning.sentence.format(site=site), retry_after=retry_after)
    shown = said.words if len(said.words) <= _MAX_SAID else said.words[:_MAX_SAID].rpartition(" ")[0]
    sentence = f"yt-dlp could not fetch the recording ({shown.rstrip('. ') or 'no message'})."
    return TransientError(ErrorKind.CHILD_FAILED, sentence, retry_after=retry_after)


def _of_recording(said: Complaint, youtube: bool) -> Meaning | None:
    """Hints of yt-dlp's own come after what the message says: it gives the same ones for several reasons."""
    found = _find(OF_YOUTUBE_PLAYER + OF_RECORDINGS + OF_SITE, said.words, youtube)
    if said.wants_elsewhere:
        return _refused(ELSEWHERE)
    if said.wants_login and (found is None or found.kind is not ErrorKind.REFUSED):
        return _refused(LOGIN)
    return found


def _of_status(said: Complaint, status: int, site: str, youtube: bool, retry_after: timedelta | None) -> JobError:
    if youtube and status == _TOO_MANY:
        sentence = f"{site} limits this server for up to an hour: try again later."
        return PermanentError(ErrorKind.SITE_LIMIT, sentence)
    of_data = _OF_DATA.search(said.words) is not None
    kind = _STALE_LINK.get(status) if of_data else _STALE_SESSION.get(status) if youtube else None
    if kind is not None:
        what = "the data of the recording" if of_data else "access to the recording"
        return TransientError(kind, f"{site} refused {what} (HTTP {status}).", retry_after=retry_after)
    return error_for_status(status, site, retry_after)


def _find(meanings: tuple[Meaning, ...], words: str, youtube: bool) -> Meaning | None:
    return next((found for found in meanings if (youtube or not found.youtube) and found.pattern.search(words)), None)


def _refused(sentence: str) -> Meaning:
    return Meaning(re.compile(""), PermanentError, ErrorKind.REFUSED, sentence)
