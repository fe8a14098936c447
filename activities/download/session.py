"""Connections for downloads: the address policy holds for the very address a socket is opened for."""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypeAlias

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from audioprep.activities.download.address_policy import AddressPolicy
from audioprep.activities.download.wire import MeteredSocket, Wire

CONNECT_TIMEOUT = 15.0  # seconds
READ_TIMEOUT = 30.0  # seconds without a byte

_AddressInfo: TypeAlias = tuple[int | socket.AddressFamily, int | socket.SocketKind, int, str, tuple[object, ...]]


class CheckedResolver(AbstractResolver):
    """Looks a name up once, and refuses it when any of its addresses is forbidden.

    The connection then goes to one of these addresses: a name that changes its mind later is not asked again.
    """

    def __init__(self, policy: AddressPolicy, lookup: AbstractResolver | None = None) -> None:
        self._policy = policy
        self._lookup = lookup or ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Raises AddressRefused, or OSError when the name has no address."""
        self._policy.check_host(host)
        found = await self._lookup.resolve(host, port, family)
        for answer in found:
            self._policy.check(answer["host"])
        return found

    async def close(self) -> None:
        await self._lookup.close()


@asynccontextmanager
async def open_session(
    policy: AddressPolicy, lookup: AbstractResolver | None = None, wire: Wire | None = None
) -> AsyncIterator[aiohttp.ClientSession]:
    """A session that connects to allowed addresses only, and takes nothing from the environment.

    All that comes from its sockets counts for `wire`. Cookies live as long as it does: some share links set one, and
    ask for it behind a redirect.
    """
    meter = wire or Wire()

    def open_socket(info: _AddressInfo) -> socket.socket:
        # The last word: aiohttp does not ask the resolver about literal addresses, but every socket comes from here.
        policy.check(str(info[4][0]))
        return MeteredSocket(meter, info[0], info[1], info[2])

    connector = aiohttp.TCPConnector(
        resolver=CheckedResolver(policy, lookup), use_dns_cache=False, force_close=True, socket_factory=open_socket
    )
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_TIMEOUT, sock_read=READ_TIMEOUT)
    async with aiohttp.ClientSession(
        connector=connector,
        timeout=timeout,
        trust_env=False,
        auto_decompress=False,
        cookie_jar=aiohttp.CookieJar(unsafe=True),  # of this download alone; `unsafe`: hosts may be plain addresses
    ) as session:
        yield session
