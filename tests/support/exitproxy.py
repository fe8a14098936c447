"""An outbound proxy as a provider runs it: HTTP CONNECT with a user name, and a list of who asked for what."""

import asyncio
import base64
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from tests.support.processes import free_port

PASSWORD = "exit-password"  # noqa: S105 - of a test


@dataclass
class ExitProxy:
    """`tunnels` are the targets asked for, `users` the names they came with; `answer` refuses with another status."""

    port: int
    answer: str = "200 OK"
    tunnels: list[str] = field(default_factory=list)
    users: set[str] = field(default_factory=set)

    @property
    def url(self) -> str:
        return f"http://user-{{session}}:{PASSWORD}@127.0.0.1:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        method, target, _ = head.split("\r\n", 1)[0].split(" ")
        assert method == "CONNECT"
        sent = next((line for line in head.split("\r\n") if line.lower().startswith("proxy-authorization:")), "")
        user, _, password = base64.b64decode(sent.split(" ")[-1]).decode().partition(":")
        assert password == PASSWORD
        self.tunnels.append(target)
        self.users.add(user)
        writer.write(f"HTTP/1.1 {self.answer}\r\n\r\n".encode())
        if self.answer.startswith("200"):
            host, _, port = target.rpartition(":")
            far = await asyncio.open_connection(host, int(port))
            await asyncio.gather(_pipe(reader, far[1]), _pipe(far[0], writer))
        with contextlib.suppress(OSError):
            await writer.drain()
        writer.close()


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while block := await reader.read(65536):
            writer.write(block)
            await writer.drain()
        writer.write_eof()


@asynccontextmanager
async def open_exit() -> AsyncIterator[ExitProxy]:
    proxy = ExitProxy(free_port())
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", proxy.port)
    try:
        yield proxy
    finally:
        server.close()
