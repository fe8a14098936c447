"""Egress proxy for yt-dlp: an HTTP proxy on loopback that connects to allowed addresses only.

yt-dlp follows redirects, page sources and manifests on its own, so the policy has to sit where its connections leave
the machine. One proxy lives as long as one run of yt-dlp, serves that run only, since nothing else knows its password,
and lets a bounded number of bytes in.
"""

import asyncio
import contextlib
import errno
import secrets
import socket
from collections.abc import AsyncIterator
from typing import Final

from aiohttp.abc import AbstractResolver

from audioprep.activities.attempt.shielding import run_to_completion
from audioprep.activities.download.address_policy import AddressPolicy, AddressRefused
from audioprep.activities.download.exits.exit import Exit, ExitRefused
from audioprep.activities.download.http_status import parse_retry_after
from audioprep.activities.download.proxy_request import (
    ProxyRequest,
    ProxyStats,
    has_password,
    parse_request,
    retry_after_of,
)
from audioprep.activities.download.session import CONNECT_TIMEOUT, CheckedResolver
from audioprep.activities.download.tunnel import Stream, Tunnel

MAX_CONNECTIONS: Final = 32  # with the password
MAX_WAITING: Final = 32  # that have sent no request yet
HEAD_TIMEOUT: Final = 5.0  # seconds for the head of a request
USER: Final = "audioprep"
_HEAD_LIMIT: Final = 1 << 16  # bytes of a request's head
_MALFORMED: Final = "400 Bad Request"
_REFUSED: Final = "403 Forbidden"
_UNAUTHENTICATED: Final = '407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="audioprep"'
_UNREACHABLE: Final = "502 Bad Gateway"
_BUSY: Final = "503 Service Unavailable"


class EgressProxy:
    """Both kinds of request: CONNECT for TLS, and absolute URLs for plain HTTP."""

    def __init__(
        self,
        policy: AddressPolicy,
        traffic: ProxyStats,
        lookup: AbstractResolver | None = None,
        leave_by: Exit | None = None,
    ) -> None:
        self._resolver = CheckedResolver(policy, lookup)
        self._traffic = traffic
        self._exit = leave_by or Exit()
        self.password = secrets.token_urlsafe(24)
        self._open: set[asyncio.Task[None]] = set()
        self._waiting: dict[asyncio.Task[None], None] = {}  # in the order of their arrival
        self._served: dict[asyncio.Task[None], Tunnel | None] = {}

    def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Begin to serve a connection. When too many are silent, the oldest of them makes room.

        The task is ours and not asyncio's: Python 3.11 logs a trace for each of its own that is cancelled.
        """
        if len(self._waiting) >= MAX_WAITING:
            oldest = next(iter(self._waiting))
            del self._waiting[oldest]
            oldest.cancel()
        task = asyncio.create_task(self._serve((reader, writer)), name="egress connection")
        self._open.add(task)
        self._waiting[task] = None
        task.add_done_callback(self._forget)

    async def close(self) -> None:
        """End what is still connected."""
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)
        await self._resolver.close()

    def _forget(self, task: asyncio.Task[None]) -> None:
        self._open.discard(task)
        self._waiting.pop(task, None)
        self._served.pop(task, None)

    async def _serve(self, client: Stream) -> None:
        try:
            async with asyncio.timeout(HEAD_TIMEOUT):
                head = await client[0].readuntil(b"\r\n\r\n")
            await self._answer(head, client)
        except (OSError, EOFError, ValueError, asyncio.LimitOverrunError):
            pass  # a connection that breaks is yt-dlp's to report
        finally:
            client[1].close()

    async def _answer(self, head: bytes, client: Stream) -> None:
        request = self._admit(head)
        if isinstance(request, str):
            await _say(client[1], request)
            return
        try:
            server = await self._connect(request)
        except AddressRefused:
            self._traffic.refused = self._traffic.refused or request.host
            await _say(client[1], _REFUSED)
        except ExitRefused as error:
            self._traffic.exit_fault = self._traffic.exit_fault or str(error)
            await _say(client[1], _UNREACHABLE)
        except OSError as error:
            self._traffic.unreachable = request.host
            self._traffic.nameless = getattr(error, "errno", None) == socket.EAI_NONAME
            await _say(client[1], _UNREACHABLE)
        else:
            try:
                await self._join(request, client, server)
            finally:
                server[1].close()

    def _admit(self, head: bytes) -> ProxyRequest | str:
        """The request of this connection, or the status to refuse it with."""
        if not has_password(head, USER, self.password):
            return _UNAUTHENTICATED
        if self._traffic.over or not self._make_room():
            return _BUSY
        try:
            request = parse_request(head)
        except ValueError:
            return _MALFORMED
        task = asyncio.current_task()
        if task is not None:
            self._waiting.pop(task, None)
            self._served[task] = None
        return request

    def _make_room(self) -> bool:
        """True if one more connection may be served; the first that has ended in one direction already is closed."""
        if len(self._served) < MAX_CONNECTIONS:
            return True
        for task, tunnel in self._served.items():
            if tunnel is not None and tunnel.half_closed:
                del self._served[task]
                return task.cancel()
        return False

    async def _connect(self, request: ProxyRequest) -> Stream:
        """A connection to the first of the checked addresses that answers."""
        async with asyncio.timeout(CONNECT_TIMEOUT):
            answers = await self._resolver.resolve(request.host, request.port)
            if self._exit.scheme:  # the policy has been asked; the exit gets the name, for sites answer by region
                return await self._exit.connect(request.host, request.port, CONNECT_TIMEOUT)
            failure = OSError(errno.EHOSTUNREACH, "no address")
            for answer in answers:
                try:
                    return await asyncio.open_connection(answer["host"], request.port)
                except OSError as error:
                    failure = error
            raise failure

    async def _join(self, request: ProxyRequest, client: Stream, server: Stream) -> None:
        """Pass bytes both ways until both sides have ended, or are silent."""
        first = request.forward is not None
        now = asyncio.get_running_loop().time

        def came(block: bytes) -> None:
            nonlocal first
            if first:
                asked = parse_retry_after(retry_after_of(block))
                self._traffic.retry_after = asked if asked is not None else self._traffic.retry_after
                first = False
            self._traffic.came(len(block), request.host, now())
            if self._traffic.over:
                raise ConnectionAbortedError

        if request.forward is None:
            client[1].write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        else:
            server[1].write(request.forward)
        self._traffic.sent(now())
        tunnel = Tunnel(client, server, sent=lambda _: self._traffic.sent(now()), came=came)
        task = asyncio.current_task()
        if task is not None:
            self._served[task] = tunnel
        await tunnel.run()


@contextlib.asynccontextmanager
async def egress_proxy(
    policy: AddressPolicy,
    traffic: ProxyStats,
    lookup: AbstractResolver | None = None,
    leave_by: Exit | None = None,
) -> AsyncIterator[str]:
    """A running proxy, as the URL to give to yt-dlp: a secret, for the password is in it."""
    proxy = EgressProxy(policy, traffic, lookup, leave_by)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0, limit=_HEAD_LIMIT)
    try:
        yield f"http://{USER}:{proxy.password}@127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        await run_to_completion(proxy.close())


async def _say(writer: asyncio.StreamWriter, status: str) -> None:
    writer.write(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
    await writer.drain()
