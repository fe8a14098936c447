"""One HTTP server for all that runs in a process."""

import errno
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import structlog
from aiohttp import web

from audioprep.http.endpoints import MAX_BODY, Endpoints
from audioprep.http.part import Part

log = structlog.get_logger()


@asynccontextmanager
async def http_server(parts: Sequence[Part], host: str, port: int, wake_secret: str | None) -> AsyncIterator[None]:
    """Serve while the block lasts. `parts` may grow meanwhile.

    Raises RuntimeError when the port is taken, OSError when it cannot be listened on for another reason.
    """
    endpoints = Endpoints(parts, wake_secret)
    app = web.Application(client_max_size=MAX_BODY)
    app.router.add_get("/healthz", endpoints.healthz)
    app.router.add_get("/readyz", endpoints.readyz)
    app.router.add_get("/metrics", endpoints.metrics)
    app.router.add_post("/wake", endpoints.wake)
    runner = web.AppRunner(app, access_log=None, lingering_time=0)  # nor is the rest of a large one waited for
    await runner.setup()
    try:
        await _listen(runner, host, port)
        log.info("http_server_started", host=host, port=runner.addresses[0][1])
        yield
    finally:
        await runner.cleanup()


async def _listen(runner: web.AppRunner, host: str, port: int) -> None:
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        sentence = f"Port {port} of {host} is taken: roles on one machine need an AUDIOPREP_HTTP_PORT each."
        raise RuntimeError(sentence) from None
