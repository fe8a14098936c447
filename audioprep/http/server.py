"""One HTTP server for all that runs in a process, its connections bounded in number and in time."""

import asyncio
import errno
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Final, cast

import structlog
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from audioprep.http.endpoints import MAX_BODY, Endpoints, HealthSource

log = structlog.get_logger()

IDLE_TIMEOUT = 10.0  # seconds for the head of a request, from the connection's start or the last answer
MAX_CONNECTIONS: Final = 100  # files are few: a flood must leave some for the database and Temporal
_BACKLOG: Final = 16  # asyncio accepts as many connections in one go, on top of the bound

# aiohttp logs a trace for each malformed request, which a client could send by the thousand.
_faults = logging.getLogger("audioprep.http")
_faults.addFilter(lambda record: not (record.exc_info and isinstance(record.exc_info[1], HttpProcessingError)))


@asynccontextmanager
async def http_server(
    parts: Sequence[HealthSource],
    host: str,
    port: int,
    *,
    wake_secret: str | None = None,
    metrics_token: str | None = None,
    mount: Callable[[web.UrlDispatcher], None] | None = None,
) -> AsyncIterator[None]:
    """Serve while the block lasts. `parts` may grow meanwhile; `mount` adds further routes.

    Raises RuntimeError when the port is taken, OSError when it cannot be listened on for another reason.
    """
    endpoints = Endpoints(parts, wake_secret, metrics_token)
    app = web.Application(client_max_size=MAX_BODY)
    endpoints.mount(app.router)
    if mount is not None:
        mount(app.router)
    # `lingering_time`: the rest of a large body is not waited for.
    runner = web.AppRunner(app, access_log=None, logger=_faults, lingering_time=0, keepalive_timeout=IDLE_TIMEOUT)
    await runner.setup()
    try:
        listening = await _listen(cast("web.Server", runner.server), host, port)
        log.info("http_server_started", host=host, port=listening.sockets[0].getsockname()[1])
        try:
            yield
        finally:
            listening.close()
    finally:
        await runner.cleanup()


async def _listen(server: web.Server, host: str, port: int) -> asyncio.Server:
    try:
        return await asyncio.get_running_loop().create_server(_bounded(server), host, port, backlog=_BACKLOG)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        sentence = f"Port {port} of {host} is taken: roles on one machine need an AUDIOPREP_HTTP_PORT each."
        raise RuntimeError(sentence) from None


def _bounded(server: web.Server) -> Callable[[], asyncio.BaseProtocol]:
    """A protocol for each connection. When there are too many, the oldest are closed, not the new one refused:

    a flood of silent connections then makes way for a request that comes at once.
    """

    def accept() -> asyncio.BaseProtocol:
        excess = len(server.connections) - MAX_CONNECTIONS + 1
        for oldest in server.connections[: max(excess, 0)]:
            oldest.force_close()
        return server()

    return accept
