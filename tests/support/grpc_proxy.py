"""A gRPC proxy in front of a Temporal server: passes calls on as bytes, or answers them with a status."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc
import grpc.aio

from tests.support.processes import free_port

_OPTIONS = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
_OWN_HEADERS = (  # of the connection to the proxy itself
    "user-agent",
    "te",
    "content-type",
    "grpc-accept-encoding",
    "grpc-encoding",
)


class GrpcProxy(grpc.GenericRpcHandler):
    """`refuse` also ends the calls under way, as a server does that checks keys again; `accept` ends it."""

    def __init__(self, address: str, channel: grpc.aio.Channel) -> None:
        self.address = address
        self._channel = channel
        self.refusal: tuple[str, str] | None = None
        self._refusing = asyncio.Event()

    def refuse(self, code: str, message: str) -> None:
        self.refusal = code, message
        self._refusing.set()

    def accept(self) -> None:
        self.refusal = None
        self._refusing.clear()

    def service(self, details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler:
        own = [
            pair for pair in details.invocation_metadata if not pair[0].startswith(":") and pair[0] not in _OWN_HEADERS
        ]

        async def handle(request: bytes, context: grpc.aio.ServicerContext[Any, Any]) -> bytes:
            forward = self._channel.unary_unary(details.method)
            call = asyncio.ensure_future(_answer(forward(request, metadata=own, timeout=context.time_remaining())))
            refused = asyncio.ensure_future(self._refusing.wait())
            try:
                await asyncio.wait({call, refused}, return_when=asyncio.FIRST_COMPLETED)
                if self.refusal is not None:
                    await context.abort(grpc.StatusCode[self.refusal[0]], self.refusal[1])
                return await call
            except grpc.aio.AioRpcError as error:
                context.set_trailing_metadata(error.trailing_metadata() or ())
                await context.abort(error.code(), error.details() or "")
            finally:
                call.cancel()
                refused.cancel()

        return grpc.unary_unary_rpc_method_handler(handle)


async def _answer(call: Any) -> bytes:
    answer: bytes = await call
    return answer


@asynccontextmanager
async def grpc_proxy(target: str) -> AsyncIterator[GrpcProxy]:
    async with grpc.aio.insecure_channel(target, options=_OPTIONS) as channel:
        proxy = GrpcProxy(f"127.0.0.1:{free_port()}", channel)
        server = grpc.aio.server(options=_OPTIONS)
        server.add_generic_rpc_handlers((proxy,))
        server.add_insecure_port(proxy.address)
        await server.start()
        try:
            yield proxy
        finally:
            await server.stop(0)
