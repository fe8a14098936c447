"""The way out for yt-dlp: an HTTP proxy on loopback that connects to allowed addresses only.

yt-dlp follows redirects, page sources and manifests on its own, so the policy has to sit where its connections leave
the machine. One proxy lives as long as one run of yt-dlp, serves that run only, and lets a bounded number of bytes in.
"""

import asyncio
import contextlib
import errno
from collections.abc import AsyncIterator
from typing import Final

from aiohttp.abc import AbstractResolver

from audioprep.activities.address_policy import AddressPolicy, AddressRefused
from audioprep.activities.connector import CONNECT_TIMEOUT, CheckedResolver
from audioprep.activities.http_answers import parse_retry_after
from audioprep.activities.proxy_request import ProxyRequest, parse_request, retry_after_of
from audioprep.activities.shielding import finish
from audioprep.activities.traffic import Traffic

MAX_CONNECTIONS: Final = 32
IDLE_TIMEOUT: Final = 60.0  # seconds without a byte from the remote side
_HEAD_LIMIT: Final = 1 << 16  # bytes of a request's head
_HEAD_TIMEOUT: Final = 10.0  # seconds
_BLOCK: Final = 1 << 16  # bytes
_MALFORMED: Final = "400 Bad Request"
_REFUSED: Final = "403 Forbidden"
_UNREACHABLE: Final = "502 Bad Gateway"


class EgressProxy:
    """Both kinds of request: CONNECT for TLS, and absolute URLs for plain HTTP."""

    def __init__(self, policy: AddressPolicy, traffic: Traffic, lookup: AbstractResolver | None = None) -> None:
        self._resolver = CheckedResolver(policy, lookup)
        self._traffic = traffic
        self._open: set[asyncio.Task[None]] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection of the client, from its request to its end."""
        task = asyncio.current_task()
        if task is None or len(self._open) >= MAX_CONNECTIONS:
            writer.close()
            return
        self._open.add(task)
        try:
            await self._answer(reader, writer)
        except (OSError, EOFError, ValueError, asyncio.LimitOverrunError):
            pass  # a connection that breaks is yt-dlp's to report
        finally:
            writer.close()
            self._open.discard(task)

    async def close(self) -> None:
        """End what is still connected."""
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)
        await self._resolver.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with asyncio.timeout(_HEAD_TIMEOUT):
            head = await reader.readuntil(b"\r\n\r\n")
        try:
            request = parse_request(head)
        except ValueError:
            await _say(writer, _MALFORMED)
            return
        try:
            remote = await self._connect(request)
        except AddressRefused:
            self._traffic.refused = self._traffic.refused or request.host
            await _say(writer, _REFUSED)
        except OSError:
            self._traffic.unreachable = request.host
            await _say(writer, _UNREACHABLE)
        else:
            try:
                await self._join(request, (reader, writer), remote)
            finally:
                remote[1].close()

    async def _connect(self, request: ProxyRequest) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection to the first of the checked addresses that answers."""
        async with asyncio.timeout(CONNECT_TIMEOUT):
            answers = await self._resolver.resolve(request.host, request.port)
            failure = OSError(errno.EHOSTUNREACH, "no address")
            for answer in answers:
                try:
                    return await asyncio.open_connection(answer["host"], request.port)
                except OSError as error:
                    failure = error
            raise failure

    async def _join(
        self,
        request: ProxyRequest,
        client: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        remote: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    ) -> None:
        """Pass bytes both ways until the remote side has ended, or both are silent."""
        if request.forward is None:
            client[1].write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        else:
            remote[1].write(request.forward)
        upward = asyncio.create_task(_pump(client[0], remote[1]), name="egress up")
        try:
            await self._bring_in(remote[0], client[1], plain=request.forward is not None)
        finally:
            upward.cancel()
            await asyncio.wait([upward])

    async def _bring_in(self, remote: asyncio.StreamReader, client: asyncio.StreamWriter, *, plain: bool) -> None:
        while block := await asyncio.wait_for(remote.read(_BLOCK), IDLE_TIMEOUT):
            if plain:
                asked = parse_retry_after(retry_after_of(block))
                self._traffic.retry_after = asked if asked is not None else self._traffic.retry_after
                plain = False
            self._traffic.budget -= len(block)
            if self._traffic.exhausted:
                return
            client.write(block)
            await client.drain()


@contextlib.asynccontextmanager
async def egress_proxy(
    policy: AddressPolicy, traffic: Traffic, lookup: AbstractResolver | None = None
) -> AsyncIterator[str]:
    """A running proxy, as the URL to give to yt-dlp."""
    proxy = EgressProxy(policy, traffic, lookup)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0, limit=_HEAD_LIMIT)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        await finish(proxy.close())


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """What the client sends. It may be silent as long as it is served."""
    with contextlib.suppress(OSError):
        while block := await reader.read(_BLOCK):
            writer.write(block)
            await writer.drain()


async def _say(writer: asyncio.StreamWriter, status: str) -> None:
    writer.write(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
    await writer.drain()
