"""Two traps: a folder whose files nobody may open, and a service that nobody may call."""

import ctypes
import os
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.fake_network import INTERNAL

_IN_OPEN = 0x20  # inotify(7)
_EVENT = struct.Struct("iIII")  # watch, mask, cookie, length of the name that follows
_BACKLOG = 512


@dataclass
class Canary:
    """Counts every opening of a file in `folder`, by whatever process: inotify tells."""

    folder: Path
    _handle: int = field(init=False)

    def __post_init__(self) -> None:
        libc = ctypes.CDLL(None, use_errno=True)
        self._handle = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        if self._handle < 0 or libc.inotify_add_watch(self._handle, os.fsencode(self.folder), _IN_OPEN) < 0:
            raise OSError(ctypes.get_errno(), "inotify cannot watch the canary")

    def opened(self) -> list[str]:
        """The names of the files that were opened since the last call."""
        names: list[str] = []
        try:
            data = os.read(self._handle, 1 << 20)
        except BlockingIOError:
            return names
        while data:
            length = _EVENT.unpack_from(data)[3]
            name = data[_EVENT.size : _EVENT.size + length].rstrip(b"\0")
            names += [name.decode()] if name else []  # without a name: the folder itself was listed
            data = data[_EVENT.size + length :]
        return names


class Service:
    """An internal service over TCP and UDP. It never answers: the kernel takes the calls, and we count them."""

    def __init__(self) -> None:
        self._tcp = socket.create_server((INTERNAL, 0), backlog=_BACKLOG)
        self._tcp.setblocking(False)
        self.address = f"{INTERNAL}:{self._tcp.getsockname()[1]}"
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._udp.bind(self._tcp.getsockname())
        self._udp.setblocking(False)

    def hits(self) -> int:
        """Connections and datagrams since the last call."""
        count = 0
        try:
            while True:
                self._tcp.accept()[0].close()
                count += 1
        except BlockingIOError:
            pass
        try:
            while True:
                self._udp.recv(1)
                count += 1
        except BlockingIOError:
            return count

    def close(self) -> None:
        self._tcp.close()
        self._udp.close()


@contextmanager
def set_traps(folder: Path) -> Iterator[tuple[Canary, Service]]:
    """Both traps, after each has been seen to work."""
    canary, service = Canary(folder), Service()
    try:
        host, port = service.address.split(":")
        socket.create_connection((host, int(port))).close()
        next(folder.iterdir()).read_bytes()
        if service.hits() != 1 or not canary.opened():
            raise RuntimeError("the traps see nothing")
        yield canary, service
    finally:
        service.close()
