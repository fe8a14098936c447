"""A guarded download of one URL: streamed to disk, in constant memory, to allowed addresses only."""

import asyncio
import socket
from collections.abc import Mapping
from typing import Final

import aiohttp
from aiohttp.abc import AbstractResolver
from yarl import URL

from audioprep.activities.attempt.context import AttemptContext
from audioprep.activities.attempt.files import DownloadedFile, download_name
from audioprep.activities.attempt.media_limits import MediaLimits
from audioprep.activities.download.address_policy import AddressPolicy, AddressRefused
from audioprep.activities.download.http_status import error_for_status, filename_of, media_type_of, parse_retry_after
from audioprep.activities.download.links.content import HEAD, PAGE, refusal_of
from audioprep.activities.download.links.redirects import HEAD_TIMEOUT, follow
from audioprep.activities.download.links.share import download_of_page, page_sentence
from audioprep.activities.download.session import open_session
from audioprep.activities.download.transfer import Transfer, broken_off, is_whole
from audioprep.activities.download.urls import parse_url
from audioprep.activities.download.wire import Wire
from audioprep.jobs.errors import ErrorKind, PermanentError, TransientError

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
                return await self._fetch(session, trail, step, wire)
        except (OSError, aiohttp.ClientError) as error:
            # Without its cause: the row shows the innermost error of a failure.
            raise _flooded(trail[-1]) if wire.flooded else _explain(error, trail[-1]) from None

    async def _fetch(
        self, session: aiohttp.ClientSession, trail: list[URL], step: AttemptContext, wire: Wire
    ) -> DownloadedFile:
        """The file at the end of the trail; for the page of a file host that has it elsewhere, from there."""
        asked = trail[0]
        async with await follow(session, self._policy, trail, _HEADERS) as answer:
            _check_answer(answer)
            transfer = Transfer(step.scratch / "download", self._limits, step, wire)
            first = await transfer.read_first(answer, HEAD)
            refusal = refusal_of(first, media_type_of(answer.headers))
            if refusal is None:
                return await self._save(session, answer, transfer, first, step)
        elsewhere = download_of_page(trail[-1]) if refusal == PAGE else None
        if elsewhere is None or elsewhere in trail:
            sentence = page_sentence(asked, trail[-1]) if refusal == PAGE else refusal
            raise PermanentError(ErrorKind.UNSUPPORTED_MEDIA, sentence)
        trail.append(elsewhere)
        return await self._fetch(session, trail, step, wire)

    async def _save(
        self,
        session: aiohttp.ClientSession,
        answer: aiohttp.ClientResponse,
        transfer: Transfer,
        first: bytes,
        step: AttemptContext,
    ) -> DownloadedFile:
        async def reopen(headers: Mapping[str, str]) -> aiohttp.ClientResponse:
            self._policy.check_host(answer.url.host or "")
            async with asyncio.timeout(HEAD_TIMEOUT):
                return await session.get(answer.url, allow_redirects=False, headers={**_HEADERS, **headers})

        await transfer.run(answer, first, reopen)
        name = download_name(answer.url.path, filename_of(answer.headers), media_type_of(answer.headers))
        return DownloadedFile(step.scratch / "download", name)


def _check_answer(answer: aiohttp.ClientResponse) -> None:
    host = answer.url.host or ""
    if answer.status != 200 and not is_whole(answer):
        raise error_for_status(answer.status, host, parse_retry_after(answer.headers.get("Retry-After")))
    if answer.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise PermanentError(
            ErrorKind.UNSUPPORTED_MEDIA, f"{host} sends the file compressed, which we did not ask for."
        )


def _explain(error: OSError | aiohttp.ClientError, url: URL) -> PermanentError | TransientError:
    cause = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
    if isinstance(cause, AddressRefused):
        sentence = f"The URL may not be fetched: {url.host} does not lead to a public address."
        return PermanentError(ErrorKind.REFUSED, sentence)
    if isinstance(error, aiohttp.ClientSSLError):
        return PermanentError(ErrorKind.REFUSED, f"{url.host} has no valid TLS certificate.")
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return _unresolved(error, url)
    if isinstance(error, aiohttp.InvalidURL):
        return PermanentError(ErrorKind.INVALID_PAYLOAD, "The URL cannot be read.")
    if isinstance(error, aiohttp.ClientPayloadError):
        return broken_off(url)
    if isinstance(error, TimeoutError):
        return TransientError(ErrorKind.NETWORK, f"{url.host} did not answer in time.")
    if isinstance(error, aiohttp.ClientError):
        return TransientError(ErrorKind.NETWORK, f"The connection to {url.host} failed.")
    # What is left comes from our own disk.
    return TransientError(ErrorKind.STORAGE, f"The download could not be written: {error.strerror or error}.")


def _unresolved(error: aiohttp.ClientConnectorDNSError, url: URL) -> PermanentError | TransientError:
    if error.os_error.errno == socket.EAI_NONAME:
        return PermanentError(ErrorKind.SOURCE_MISSING, f"The name {url.host} does not exist.")
    return TransientError(ErrorKind.NETWORK, f"The name {url.host} could not be resolved.")


def _flooded(url: URL) -> PermanentError:
    return PermanentError(ErrorKind.LIMIT_EXCEEDED, f"{url.host} sends without end, but hardly anything of a file.")
