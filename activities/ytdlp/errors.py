"""yt-dlp's failures, classified into transient and permanent job errors by what it said on stderr. Pure."""

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from audioprep.activities.download.http_status import error_for_status
from audioprep.activities.ytdlp.messages.complaint import Complaint
from audioprep.activities.ytdlp.messages.meaning import LOGIN, Meaning, never
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
_OF_SERVER_KINDS: Final = frozenset({ErrorKind.BOT_CHECK, ErrorKind.SITE_LIMIT})


@dataclass(frozen=True, slots=True)
class Judgement:
    """The error of a failed run, whether an account may cure it, and whether the site has refused this server."""

    error: JobError
    account: bool = False

    @property
    def refuses_server(self) -> bool:
        """All other recordings of the site are out of reach as well."""
        return self.error.kind in _OF_SERVER_KINDS and not self.account


def classify(said: Complaint, host: str, retry_after: timedelta | None = None) -> JobError:
    """The error for a run of yt-dlp that failed so at `host`. `retry_after` is how long to wait if it may pass."""
    return judge(said, host, retry_after).error


def judge(said: Complaint, host: str, retry_after: timedelta | None = None) -> Judgement:
    """As `classify`, with what follows for the next run."""
    youtube = any(is_under(host, name) for name in YOUTUBE_HOSTS)
    site = "YouTube" if youtube else host
    meaning = _find(OF_SERVER, said.words, youtube)
    if meaning is None and said.status is not None:
        return Judgement(_of_status(said, said.status, site, youtube, retry_after))
    meaning = meaning or _of_recording(said, youtube) or _find(OF_TRANSPORT, said.transport, youtube)
    if meaning:
        error = meaning.error(meaning.kind, meaning.sentence.format(site=site), retry_after=retry_after)
        return Judgement(error, meaning.account)
    shown = said.words if len(said.words) <= _MAX_SAID else said.words[:_MAX_SAID].rpartition(" ")[0]
    sentence = f"yt-dlp could not fetch the recording ({shown.rstrip('. ') or 'no message'})."
    return Judgement(TransientError(ErrorKind.CHILD_FAILED, sentence, retry_after=retry_after))


def _of_recording(said: Complaint, youtube: bool) -> Meaning | None:
    """Hints of yt-dlp's own come after what the message says: it gives the same ones for several reasons."""
    found = _find(OF_YOUTUBE_PLAYER + OF_RECORDINGS + OF_SITE, said.words, youtube)
    if said.wants_elsewhere:
        return never(ErrorKind.REFUSED, ELSEWHERE, "")
    if said.wants_login and (found is None or found.kind is not ErrorKind.REFUSED):
        return never(ErrorKind.REFUSED, LOGIN, "", account=True)
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
