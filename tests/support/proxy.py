"""A reverse proxy that treats a libSQL server as Turso Cloud does today: no `/v1`, no websockets."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp
from aiohttp import web

from tests.support.processes import free_port


@asynccontextmanager
async def turso_like_proxy(target: str, *, hang_up_every: int = 0) -> AsyncIterator[tuple[str, list[str]]]:
    """The proxy's URL, and the paths it was asked for.

    With `hang_up_every` n, each n-th answer is lost on its way: the server has done what was asked.
    """
    asked: list[str] = []

    async def handle(request: web.Request) -> web.Response:
        asked.append(request.path)
        if "upgrade" in request.headers.get("Connection", "").lower():
            return web.Response(status=505)
        if request.path.startswith("/v1"):
            return web.Response(status=404, text="not found")
        async with session.request(request.method, target + request.path, data=await request.read()) as response:
            content = await response.read()
            if hang_up_every and len(asked) % hang_up_every == 0 and request.transport is not None:
                request.transport.close()
            return web.Response(status=response.status, body=content, content_type=response.content_type)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handle)
    runner = web.AppRunner(app)
    async with aiohttp.ClientSession() as session:
        await runner.setup()
        port = free_port()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        try:
            yield f"http://127.0.0.1:{port}", asked
        finally:
            await runner.cleanup()


@dataclass
class ProxyStats:
    """Requests that a server has under way `now`, and the `most` there were at once."""

    now: int = 0
    most: int = 0


@asynccontextmanager
async def counting_proxy(target: str) -> AsyncIterator[tuple[str, ProxyStats]]:
    """A proxy that passes on everything at once, so that its clients' own bounds are what is counted. Its URL."""
    traffic = ProxyStats()

    async def handle(request: web.Request) -> web.Response:
        traffic.now += 1
        traffic.most = max(traffic.most, traffic.now)
        try:
            async with session.request(request.method, target + request.path, data=await request.read()) as response:
                content = await response.read()
                return web.Response(status=response.status, body=content, content_type=response.content_type)
        except aiohttp.ClientError:
            return web.Response(status=502)
        finally:
            traffic.now -= 1

    app = web.Application(client_max_size=1 << 30)
    app.router.add_route("*", "/{path:.*}", handle)
    runner = web.AppRunner(app)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        await runner.setup()
        port = free_port()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        try:
            yield f"http://127.0.0.1:{port}", traffic
        finally:
            await runner.cleanup()
