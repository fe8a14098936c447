"""The bridge's small HTTP server: `/healthz`, `/readyz`, `/metrics`, `/wake`."""

import hmac
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from aiohttp import web

from audioprep.bridge.bridge import Bridge
from audioprep.bridge.metrics import CONTENT_TYPE
from audioprep.bridge.token_bucket import TokenBucket

log = structlog.get_logger()

_MAX_BODY = 1024  # bytes; nothing we accept has a body worth reading
_WAKES = 10  # at once; every one costs a look at the table
_WAKES_PER_SECOND = 5.0
WAKE_HEADER = "X-Audioprep-Wake"


@asynccontextmanager
async def http_server(bridge: Bridge, host: str, port: int, wake_secret: str | None) -> AsyncIterator[None]:
    """Serve while the block lasts. Raises OSError when the port is taken."""
    app = web.Application(client_max_size=_MAX_BODY)
    endpoints = _Endpoints(bridge, wake_secret)
    app.router.add_get("/healthz", endpoints.healthz)
    app.router.add_get("/readyz", endpoints.readyz)
    app.router.add_get("/metrics", endpoints.metrics)
    app.router.add_post("/wake", endpoints.wake)
    runner = web.AppRunner(app, access_log=None, lingering_time=0)  # nor is the rest of a large one waited for
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        log.info("http_server_started", host=host, port=port)
        yield
    finally:
        await runner.cleanup()


class _Endpoints:
    def __init__(self, bridge: Bridge, wake_secret: str | None) -> None:
        self._bridge = bridge
        self._wake_secret = wake_secret
        self._wakes = TokenBucket(_WAKES, _WAKES_PER_SECOND)

    async def healthz(self, _: web.Request) -> web.Response:
        """200 while the bridge does its work; 503 with the reasons when it has not for a while."""
        complaints = self._bridge.health.complaints()
        return web.json_response({"ok": not complaints, "reasons": complaints}, status=503 if complaints else 200)

    async def readyz(self, _: web.Request) -> web.Response:
        """200 when the last run of every service succeeded."""
        unready = self._bridge.health.unready()
        return web.json_response({"ok": not unready, "reasons": unready}, status=503 if unready else 200)

    async def metrics(self, _: web.Request) -> web.Response:
        """For Prometheus."""
        return web.Response(body=await self._bridge.metrics(), headers={"Content-Type": CONTENT_TYPE})

    async def wake(self, request: web.Request) -> web.Response:
        """Look for new rows at once. Needs the shared secret in its header; without one configured, nobody may.

        Who has the secret is held to a rate. Who has not is turned away before that, and takes no one's turn.
        """
        if (request.content_length or 0) > _MAX_BODY:
            return web.json_response({"ok": False}, status=413)
        given = request.headers.get(WAKE_HEADER, "")
        if not self._wake_secret or not hmac.compare_digest(given.encode(), self._wake_secret.encode()):
            return web.json_response({"ok": False}, status=403)
        if not self._wakes.take():
            wait = {"Retry-After": str(math.ceil(self._wakes.wait))}
            return web.json_response({"ok": False}, status=429, headers=wait)
        self._bridge.wake()
        return web.json_response({"ok": True}, status=202)
