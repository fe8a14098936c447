"""A web site that answers with whatever bytes a test wants, valid HTTP or not."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import TypeAlias

from tests.support.fake_network import PUBLIC

Answer: TypeAlias = Callable[[asyncio.StreamWriter], Awaitable[None]]

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: audio/mpeg\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


def said(data: bytes) -> Answer:
    """These bytes, and the end."""

    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        await writer.drain()

    return answer


def dripping(first: bytes, drip: bytes, pause: float) -> Answer:
    """`first`, and then `drip` after every `pause` seconds without end."""

    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(first)
        while True:
            await writer.drain()
            await asyncio.sleep(pause)
            writer.write(drip)

    return answer


def flooding(first: bytes, unit: bytes) -> Answer:
    """`first`, and then `unit` without end, as fast as it is read."""

    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(first)
        while True:
            writer.write(unit * 500)
            await writer.drain()

    return answer


@asynccontextmanager
async def open_raw_site(answer: Answer, **pages: Answer) -> AsyncIterator[str]:
    """A site that gives this answer to every request, but for the `pages` at its root; its URL, with a slash."""
    tasks: set[asyncio.Task[None]] = set()

    async def visit(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            page = head.split(b" ")[1].decode().removeprefix("/")
            await pages.get(page, answer)(writer)
        writer.close()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.create_task(visit(reader, writer)))

    server = await asyncio.start_server(accept, PUBLIC, 0)
    try:
        yield f"http://{PUBLIC}:{server.sockets[0].getsockname()[1]}/"
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
