"""The body of one download on its way to disk: within the limits, and resumed where a connection breaks off."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import BinaryIO, Final, TypeAlias

import aiohttp
from yarl import URL

from audioprep.activities.attempt.context import AttemptContext
from audioprep.activities.attempt.media_limits import MediaLimits
from audioprep.activities.download.wire import Wire
from audioprep.jobs.errors import ErrorKind, TransientError

_BLOCK: Final = 1 << 18  # bytes
_MAX_RESUMES: Final = 10  # of one download; each has to bring something
_PAUSE: Final = 0.2  # seconds before the first resume; longer each time
_RANGE: Final = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18}|\*)")
_BROKEN: Final = (aiohttp.ClientPayloadError, aiohttp.ClientOSError, aiohttp.ServerTimeoutError, ConnectionError)

Reopen: TypeAlias = Callable[[Mapping[str, str]], Awaitable[aiohttp.ClientResponse]]
"""Asks for the same URL again, with these headers besides."""


class Transfer:
    """Writes one answer's body to a new file. `done` is the number of bytes that are there."""

    def __init__(self, path: Path, limits: MediaLimits, step: AttemptContext, wire: Wire) -> None:
        self._path = path
        self._limits = limits
        self._step = step
        self._wire = wire
        self._rate = limits.watch_rate(_now())
        self._expected: int | None = None
        self.done = 0

    async def run(self, answer: aiohttp.ClientResponse, first: bytes, reopen: Reopen) -> None:
        """Save `first`, which has been read of the body already, and the rest.

        Raises TransientError when it breaks off for good or comes too slowly, PermanentError when it is too large.
        """
        self._expected = answer.content_length
        self._limits.check_size(self._expected or 0)
        condition = _condition(answer)
        with self._path.open("xb") as file:
            await self._write(first, file)
            for resumes in range(_MAX_RESUMES + 1):
                before = self.done
                broken = await self._copy(answer, file)
                if broken is None and self.done >= (self._expected or 1):
                    return
                gained = self.done > before or resumes == 0
                if condition is None or not self._expected or not gained or resumes == _MAX_RESUMES:
                    raise broken or broken_off(answer.url)
                answer.close()
                await asyncio.sleep(_PAUSE * (resumes + 1))
                answer = await self._resume(reopen, condition, answer.url)

    async def read_first(self, answer: aiohttp.ClientResponse, least: int) -> bytes:
        """The first bytes of the body, `least` unless it is shorter."""
        first = b""
        while len(first) < least and (block := await self._read(answer)):
            first += block
        return first

    async def _copy(self, answer: aiohttp.ClientResponse, file: BinaryIO) -> Exception | None:
        """Until the body's end; the error if it breaks off."""
        try:
            while block := await self._read(answer):
                await self._write(block, file)
        except _BROKEN as error:
            if self._wire.flooded:
                raise
            return error
        return None

    async def _write(self, block: bytes, file: BinaryIO) -> None:
        self.done += len(block)
        self._limits.check_size(self.done)
        await asyncio.to_thread(file.write, block)
        if self._expected:
            self._step.report_progress(self.done / self._expected)
        else:
            self._step.keep_alive()

    async def _read(self, answer: aiohttp.ClientResponse) -> bytes:
        """The next piece of the body, empty at its end. Raises TransientError when it comes too slowly."""
        patience = asyncio.timeout_at(self._rate.deadline)
        try:
            async with patience:
                block = await answer.content.read(_BLOCK)
        except TimeoutError:
            if patience.expired():
                raise self._limits.too_slow(answer.url.host or "The server") from None
            raise
        self._rate.add(len(block), _now())
        self._wire.delivered(len(block))
        return block

    async def _resume(self, reopen: Reopen, condition: Mapping[str, str], url: URL) -> aiohttp.ClientResponse:
        """The rest of the same file. Raises TransientError if the server gives anything else."""
        answer = await reopen({"Range": f"bytes={self.done}-", **condition})
        found = _RANGE.fullmatch(answer.headers.get("Content-Range", ""))
        total = found and found[3]
        if answer.status == 206 and found and int(found[1]) == self.done and total in ("*", str(self._expected)):
            return answer
        answer.close()
        raise broken_off(url)


def broken_off(url: URL) -> TransientError:
    return TransientError(ErrorKind.NETWORK, f"The download from {url.host} broke off before its end.")


def is_whole(answer: aiohttp.ClientResponse) -> bool:
    """A 206 that nobody asked for, but of all bytes: https://www.rfc-editor.org/rfc/rfc9110#status.206"""
    found = _RANGE.fullmatch(answer.headers.get("Content-Range", ""))
    return answer.status == 206 and found is not None and int(found[1]) == 0 and found[3] == str(int(found[2]) + 1)


def _condition(answer: aiohttp.ClientResponse) -> dict[str, str] | None:
    """What asks for a range of this very version of the file; None if the server offers no ranges."""
    tag = answer.headers.get("ETag", "")
    if answer.headers.get("Accept-Ranges", "").lower() != "bytes" and answer.status != 206:
        return None
    validator = tag if tag.startswith('"') else answer.headers.get("Last-Modified", "")
    return {"If-Range": validator} if validator else {}


def _now() -> float:
    return asyncio.get_running_loop().time()
