"""Decrypts payloads for the Temporal UI and CLI, which know no keys: https://docs.temporal.io/codec-server.

Whoever may call it may read every payload. So it listens on loopback, for pages of one UI only.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Final

from aiohttp import web
from google.protobuf import json_format
from temporalio.api.common.v1 import Payload, Payloads

from audioprep.encryption.payload_codec import EncryptingCodec

_MAX_BODY: Final = 16 * 1024 * 1024  # bytes: a history page of the UI
_HOSTS: Final = ("127.0.0.1", "localhost", "[::1]")
_Code = Callable[[Iterable[Payload]], Awaitable[list[Payload]]]


class _Endpoints:
    """Decoding and encoding for the pages of one UI."""

    def __init__(self, codec: EncryptingCodec, ui_origin: str) -> None:
        self._codec = codec
        self._ui_origin = ui_origin
        self._allowed = {
            "Access-Control-Allow-Origin": ui_origin,
            "Access-Control-Allow-Methods": "POST",
            "Access-Control-Allow-Headers": "content-type,x-namespace",
        }

    async def decode(self, request: web.Request) -> web.Response:
        return await self._answer(request, self._codec.decode)

    async def encode(self, request: web.Request) -> web.Response:
        return await self._answer(request, self._codec.encode)

    async def preflight(self, _: web.Request) -> web.Response:
        return web.Response(status=204, headers=self._allowed)

    async def _answer(self, request: web.Request, code: _Code) -> web.Response:
        if _is_foreign(request, self._ui_origin):
            raise web.HTTPForbidden
        try:
            payloads = json_format.Parse(await request.text(), Payloads())
            coded = await code(payloads.payloads)
        except (json_format.ParseError, ValueError) as error:
            return web.Response(status=400, text=str(error), headers=self._allowed)
        text = json_format.MessageToJson(Payloads(payloads=coded))
        return web.Response(text=text, content_type="application/json", headers=self._allowed)


@asynccontextmanager
async def codec_server(codec: EncryptingCodec, port: int, ui_origin: str) -> AsyncIterator[None]:
    """Serve on loopback while the block lasts. Raises OSError when the port is taken."""
    endpoints = _Endpoints(codec, ui_origin)
    app = web.Application(client_max_size=_MAX_BODY)
    app.router.add_post("/decode", endpoints.decode)
    app.router.add_post("/encode", endpoints.encode)
    app.router.add_route("OPTIONS", "/{path:decode|encode}", endpoints.preflight)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        yield
    finally:
        await runner.cleanup()


def _is_foreign(request: web.Request, ui_origin: str) -> bool:
    """A page of another site, or a name that was made to lead here (DNS rebinding)."""
    host = request.host.rsplit(":", 1)[0]
    return host not in _HOSTS or request.headers.get("Origin", ui_origin) != ui_origin
