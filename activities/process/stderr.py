"""Standard error of a child: drained as it comes, so that the child never blocks on it; its head and tail are kept."""

import asyncio
from collections.abc import Callable
from typing import Final

PIPE_LIMIT: Final = 1 << 18  # bytes; also the longest line we accept
_HEAD: Final = 4096  # bytes of its beginning that are kept
_TAIL: Final = 16_384  # bytes of its end that are kept, for the error message


class KeptStderr:
    """`read_line` gets each line as it comes. `closed` is set once the child and its children have said all."""

    def __init__(self, read_line: Callable[[str], None] | None) -> None:
        self._head, self._rest = bytearray(), bytearray()
        self._read_line = read_line
        self.closed = asyncio.Event()

    @property
    def last_line(self) -> str:
        """The last line that is not blank."""
        lines = self.text.split("\n")
        return next((line.strip() for line in reversed(lines) if line.strip()), "no message")

    @property
    def tail(self) -> str:
        return self.text[-_TAIL:]

    @property
    def text(self) -> str:
        """The beginning and the end."""
        return (self._head + self._rest).decode("utf-8", "replace")

    async def drain(self, stderr: asyncio.StreamReader) -> None:
        """Read to the end; keep head and tail, and pass the lines on."""
        rest = b""
        while block := await stderr.read(PIPE_LIMIT):
            missing = max(_HEAD - len(self._head), 0)
            self._head += block[:missing]
            self._rest += block[missing:]
            del self._rest[:-_TAIL]
            rest = self._pass_on(rest + block)
        self._pass_on(rest + b"\n")
        self.closed.set()

    def _pass_on(self, data: bytes) -> bytes:
        """Give whole lines to the reader of them. The rest, of a line that is too long its end."""
        if self._read_line is None:
            return b""
        *lines, rest = data.split(b"\n")
        for line in lines:
            self._read_line(line.decode("utf-8", "replace").rstrip("\r"))
        return rest[-_TAIL:]
