"""A guarded download of one URL: streamed to disk, in constant memory, to allowed addresses only."""

import asyncio
from typing import Final

import aiohttp
from aiohttp.abc import AbstractResolver
from yarl import URL

from audioprep.activities.attempt.context import AttemptContext
from audioprep.activities.attempt.files import DownloadedFile, download_name
from audioprep.activities.attempt.media_limits import MediaLimits
from audioprep.activities.attempt.transfer_rate import RateWindow
from audioprep.activities.download.address_policy import AddressPolicy, AddressRefused
from audioprep.activities.download.http_status import error_for_status, filename_of, media_type_of, parse_retry_after
from audioprep.activities.download.session import open_session
from audioprep.activities.download.urls import parse_url
from audioprep.activities.download.wire import Wire
from audioprep.jobs.errors import ErrorKind, PermanentError, TransientError

MAX_REDIRECTS: Final = 5
HEAD_TIMEOUT: Final = 30.0  # seconds for one head, with the connection and all interim responses before it
HEADS_TIMEOUT: Final = 60.0  # seconds for the heads of all redirects together
_BLOCK: Final = 1 << 18  # bytes
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
# `identity`: a compressed answer would make Content-Length meaningless, and a bomb possible.
_HEADERS: Final = {"User-Agent": "audioprep", "Accept": "*/*", "Accept-Encoding": "identity"}


class Downloader:
    """Downloads under one policy and one set of limits. `lookup` replaces the system's resolver."""

    def __init__(self, policy: AddressPolicy, limits: MediaLimits, lookup: AbstractResolver | None = None) -> None:
        self._policy = policy
        self._limits = limits
        self._lookup = lookup

    async def fetch(self, text: str, step: AttemptContext) -> DownloadedFile:
        """The file behind the URL `text`, as a new file in the step's scratch folder.

        Raises PermanentError for a bad URL, a blocked address, a refusal or a file over the limit; TransientError for
        what may pass: resets, timeouts, a rate below the least, DNS, 408, 425, 429, 5xx, and a body that breaks off.
        """
        trail = [parse_url(text)]
        wire = Wire()
        try:
            async with open_session(self._policy, self._lookup, wire) as session:
                async with asyncio.timeout(HEADS_TIMEOUT):
                    answer = await self._follow(session, trail)
                async with answer:
                    return await self._save(answer, step, wire)
        except (OSError, aiohttp.ClientError) as error:
            # Without its cause: the row shows the innermost error of a failure.
            raise _flooded(trail[-1]) if wire.flooded else _explain(error, trail[-1]) from None

    async def _follow(self, session: aiohttp.ClientSession, trail: list[URL]) -> aiohttp.ClientResponse:
        """The answer at the end of the redirects, its body not read yet; `trail` gets every URL on the way."""
        while len(trail) <= MAX_REDIRECTS + 1:
            self._policy.check_host(trail[-1].host or "")
            async with asyncio.timeout(HEAD_TIMEOUT):
                answer = await session.get(trail[-1], allow_redirects=False, headers=_HEADERS)
            if answer.status not in _REDIRECTS:
                return answer
            async with answer:
                trail.append(_next(trail[-1], answer))
        sentence = f"The URL leads through more than {MAX_REDIRECTS} redirects."
        raise PermanentError(ErrorKind.REFUSED, sentence)

    async def _save(self, answer: aiohttp.ClientResponse, step: AttemptContext, wire: Wire) -> DownloadedFile:
        _check_answer(answer)
        expected = answer.content_length
        self._limits.check_size(expected or 0)
        path = step.scratch / "download"
        rate = self._limits.watch_rate(_now())
        done = 0
        with path.open("xb") as file:
            while block := await self._read(answer, rate):
                done += len(block)
                wire.delivered(len(block))
                self._limits.check_size(done)
                await asyncio.to_thread(file.write, block)
                if expected:
                    step.report_progress(done / expected)
                else:
                    step.keep_alive()
        if done < (expected or 1):
            raise _broken_off(answer.url)
        return DownloadedFile(
            path, download_name(answer.url.path, filename_of(answer.headers), media_type_of(answer.headers))
        )

    async def _read(self, answer: aiohttp.ClientResponse, rate: RateWindow) -> bytes:
        """The next piece of the body, empty at its end. Raises TransientError when it comes too slowly."""
        patience = asyncio.timeout_at(rate.deadline)
        try:
            async with patience:
                block = await answer.content.read(_BLOCK)
        except TimeoutError:
            if patience.expired():
                raise self._limits.too_slow(answer.url.host or "The server") from None
            raise
        rate.add(len(block), _now())
        return block


def _check_answer(answer: aiohttp.ClientResponse) -> None:
    host = answer.url.host or ""
    if answer.status != 200:
        raise error_for_status(answer.status, host, parse_retry_after(answer.headers.get("Retry-After")))
    if answer.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise PermanentError(
            ErrorKind.UNSUPPORTED_MEDIA, f"{host} sends the file compressed, which we did not ask for."
        )
    if media_type_of(answer.headers) in {"text/html", "application/xhtml+xml"}:
        sentence = "The URL leads to a web page, not to a media file."
        raise PermanentError(ErrorKind.UNSUPPORTED_MEDIA, sentence)


def _next(url: URL, answer: aiohttp.ClientResponse) -> URL:
    """Where a redirect leads; it is checked like the first URL."""
    location = answer.headers.get("Location")
    if not location:
        raise PermanentError(ErrorKind.REFUSED, f"{url.host} redirects to nowhere.")
    try:
        return parse_url(str(url.join(URL(location))))
    except ValueError:
        raise PermanentError(ErrorKind.REFUSED, f"{url.host} redirects to a URL that cannot be read.") from None


def _explain(error: OSError | aiohttp.ClientError, url: URL) -> PermanentError | TransientError:
    cause = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
    if isinstance(cause, AddressRefused):
        sentence = f"The URL may not be fetched: {url.host} does not lead to a public address."
        return PermanentError(ErrorKind.REFUSED, sentence)
    if isinstance(error, aiohttp.ClientSSLError):
        return PermanentError(ErrorKind.REFUSED, f"{url.host} has no valid TLS certificate.")
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return TransientError(ErrorKind.NETWORK, f"The name {url.host} could not be resolved.")
    if isinstance(error, aiohttp.InvalidURL):
        return PermanentError(ErrorKind.INVALID_PAYLOAD, "The URL cannot be read.")
    if isinstance(error, aiohttp.ClientPayloadError):
        return _broken_off(url)
    if isinstance(error, TimeoutError):
        return TransientError(ErrorKind.NETWORK, f"{url.host} did not answer in time.")
    if isinstance(error, aiohttp.ClientError):
        return TransientError(ErrorKind.NETWORK, f"The connection to {url.host} failed.")
    # What is left comes from our own disk.
    return TransientError(ErrorKind.STORAGE, f"The download could not be written: {error.strerror or error}.")


def _flooded(url: URL) -> PermanentError:
    return PermanentError(ErrorKind.LIMIT_EXCEEDED, f"{url.host} sends without end, but hardly anything of a file.")


def _now() -> float:
    return asyncio.get_running_loop().time()


def _broken_off(url: URL) -> TransientError:
    return TransientError(ErrorKind.NETWORK, f"The download from {url.host} broke off before its end.")
