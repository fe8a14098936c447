"""Many databases on one libSQL server, its namespaces, behind a proxy that tells them apart by their path."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
from aiohttp import web

from tests.support import processes
from tests.support.processes import Program
from tests.support.waiting import eventually


@dataclass
class Namespaces:
    """`url(name)` is the database of that name, once `create` has made it.

    A libSQL server knows a namespace by the `Host` header, whose names few machines resolve: hence the proxy. Databases
    that are `frozen` do not answer, those that are `refused` answer 401. `requests` counts by name.
    """

    server: Program
    base: str
    admin: str
    port: int
    frozen: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)
    requests: Counter[str] = field(default_factory=Counter)

    def url(self, name: str) -> str:
        return f"http://127.0.0.1:{self.port}/{name}"

    async def create(self, names: Sequence[str]) -> None:
        gate = asyncio.Semaphore(8)
        async with aiohttp.ClientSession() as session:

            async def make(name: str) -> None:
                async with gate, session.post(f"{self.admin}/v1/namespaces/{name}/create", json={}) as response:
                    assert response.status == 200, await response.text()

            await asyncio.gather(*map(make, names))

    async def _thawed(self, name: str) -> bool:
        return name not in self.frozen

    async def relay(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        self.requests[name] += 1
        if name in self.frozen:
            await eventually(lambda: self._thawed(name), within=600, what=f"{name} answers again")
        if name in self.refused:
            return web.json_response({"error": "the token has expired"}, status=401)
        session: aiohttp.ClientSession = request.app[_SESSION]
        body, host = await request.read(), {"Host": f"{name}.localhost", "Content-Type": "application/json"}
        try:
            async with session.post(f"{self.base}/v2/pipeline", data=body, headers=host) as response:
                return web.Response(
                    body=await response.read(), status=response.status, content_type=response.content_type
                )
        except aiohttp.ClientError:
            return web.Response(status=502)


_SESSION = web.AppKey("session", aiohttp.ClientSession)


@asynccontextmanager
async def namespaces(folder: Path) -> AsyncIterator[Namespaces]:
    admin, port = processes.free_ports(2)
    server, url = processes.sqld(folder, None, admin, "--enable-namespaces", "--max-active-namespaces", "2000")
    with processes.running(server):
        await asyncio.to_thread(processes.wait_for_http, f"{url}/health", server)
        found = Namespaces(server, url, f"http://127.0.0.1:{admin}", port)
        app = web.Application(client_max_size=2**24)
        app.router.add_post("/{name}/v2/pipeline", found.relay)
        async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
            app[_SESSION] = session
            runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=1)
            await runner.setup()
            try:
                await web.TCPSite(runner, "127.0.0.1", port).start()
                yield found
            finally:
                found.frozen.clear()
                await runner.cleanup()
