"""Two TCP connections joined: bytes are copied both ways, and each direction ends on its own (TCP half-close)."""

import asyncio
from collections.abc import Callable
from typing import Final, TypeAlias

Stream: TypeAlias = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Count: TypeAlias = Callable[[bytes], None]

IDLE_TIMEOUT: Final = 60.0  # seconds without a byte in either direction
LINGER_TIMEOUT: Final = 0.5  # the same once one direction has ended
_BLOCK: Final = 1 << 16  # bytes


class Tunnel:
    """A client's connection and a server's. `sent` and `came` are called with every block, before it is passed on.

    An OSError that they raise ends the tunnel, as one of the sockets does.
    """

    def __init__(self, client: Stream, server: Stream, *, sent: Count, came: Count) -> None:
        self._client = client
        self._server = server
        self._sent = sent
        self._came = came
        self._patience = asyncio.timeout(IDLE_TIMEOUT)
        self.half_closed = False

    async def run(self) -> None:
        """Returns when both directions have ended, one is broken, or both are silent. The caller closes the writers."""
        try:
            async with self._patience, asyncio.TaskGroup() as directions:
                directions.create_task(self._copy(self._client[0], self._server[1], self._sent), name="tunnel up")
                directions.create_task(self._copy(self._server[0], self._client[1], self._came), name="tunnel down")
        except TimeoutError:
            pass  # silent for too long

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, count: Count) -> None:
        try:
            while block := await reader.read(_BLOCK):
                count(block)
                writer.write(block)
                await writer.drain()
                self._restart_clock()
            if writer.can_write_eof():  # TLS, as to some exits, cannot
                writer.write_eof()
            self.half_closed = True
            self._restart_clock()
        except OSError:
            self._patience.reschedule(asyncio.get_running_loop().time())

    def _restart_clock(self) -> None:
        timeout = LINGER_TIMEOUT if self.half_closed else IDLE_TIMEOUT
        self._patience.reschedule(asyncio.get_running_loop().time() + timeout)
