"""Bytes on the wire of a download, TLS and HTTP framing included, against what they brought of the body.

An HTTP client's limits hold for the body. Interim responses, chunk extensions, trailers and chunks of one byte are not
part of it, and a server may send them without end: https://www.rfc-editor.org/rfc/rfc9112#section-7.1.1
"""

import socket
from typing import Final

_OVERHEAD: Final = 2 * 1024 * 1024  # bytes of heads, TLS handshakes and what is still in buffers


class WireFlood(OSError):
    """A server sends far more than the body of its answer."""


class Wire:
    """Counts the bytes of one download over all its connections."""

    def __init__(self) -> None:
        self._received = self._delivered = 0
        self.flooded = False

    def delivered(self, count: int) -> None:
        """`count` bytes of the body have been read."""
        self._delivered += count

    def received(self, count: int) -> None:
        """`count` bytes have come from a socket. Raises WireFlood when the body is less than half of them."""
        self._received += count
        if self._received > _OVERHEAD + 2 * self._delivered:
            self.flooded = True
            raise WireFlood("far more bytes than the body has")


class MeteredSocket(socket.socket):
    """A socket that reports to a `Wire`; an event loop reads from sockets by these two methods."""

    def __init__(self, wire: Wire, family: int, kind: int, proto: int, fileno: int | None = None) -> None:
        super().__init__(family, kind, proto, fileno)
        self._wire = wire

    def recv(self, bufsize: int, flags: int = 0, /) -> bytes:
        data = super().recv(bufsize, flags)
        self._wire.received(len(data))
        return data

    def recv_into(self, buffer: "bytearray | memoryview[int]", nbytes: int = 0, flags: int = 0, /) -> int:  # type: ignore[override]
        count = super().recv_into(buffer, nbytes, flags)
        self._wire.received(count)
        return count
