"""A program with its output in pipes, reaped by a call that tells what this very child used.

asyncio's own subprocesses are reaped with waitpid(2), after which the kernel knows only the sum over all children: of
two that run at once, neither's share. wait4(2) gives each child's, with that of the grandchildren it waited for. CPU
time only: the peak of memory it tells begins with ours, since a child is a copy of us until it becomes its program.
"""

import asyncio
import contextlib
import os
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

_UNKNOWN = 255  # the exit code of a child that somebody else has reaped, as in asyncio


class Subprocess:
    """A program that runs from the moment this is made, in a session of its own. Call `open_pipes` before reading.

    Raises OSError when it cannot be started.
    """

    def __init__(
        self,
        argv: Sequence[str | Path],
        *,
        cwd: Path,
        env: Mapping[str, str],
        pipe_limit: int,
        stdin: str | None = None,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._pipe_limit = pipe_limit
        self._ended = asyncio.Event()
        self._transports: list[asyncio.ReadTransport] = []
        with _stdin_of(stdin, cwd) as source:
            # In this thread, as asyncio does: the death signal comes when the thread that forked ends, see prctl(2).
            self._popen = subprocess.Popen(
                argv,
                bufsize=0,
                cwd=cwd,
                env=env,
                stdin=source,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        self.pid = self._popen.pid
        self.returncode: int | None = None
        self.cpu_seconds = 0.0
        threading.Thread(target=self._reap, name=f"reaper of {self.pid}", daemon=True).start()

    async def open_pipes(self) -> tuple[asyncio.StreamReader, asyncio.StreamReader]:
        """Its stdout and stderr."""
        return await self._open(self._popen.stdout), await self._open(self._popen.stderr)

    async def wait(self) -> int:
        """The exit code, negative for a signal, once it is reaped. `cpu_seconds` is known then."""
        await self._ended.wait()
        return self._popen.returncode

    def close(self) -> None:
        """Close our ends of the pipes."""
        for transport in self._transports:
            transport.close()

    async def _open(self, pipe: IO[bytes] | None) -> asyncio.StreamReader:
        reader = asyncio.StreamReader(self._pipe_limit)
        transport, _ = await self._loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), pipe)
        self._transports.append(transport)
        return reader

    def _reap(self) -> None:
        """In a thread of its own, which all systems can: wait for the end, and tell the loop."""
        try:
            _, status, used = os.wait4(self.pid, 0)
            code = os.waitstatus_to_exitcode(status)
            cpu_seconds = used.ru_utime + used.ru_stime
        except ChildProcessError:
            code, cpu_seconds = _UNKNOWN, 0.0
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self._loop.call_soon_threadsafe(self._end, code, cpu_seconds)

    def _end(self, code: int, cpu_seconds: float) -> None:
        self._popen.returncode = self.returncode = code  # Popen must not look for a child that is gone
        self.cpu_seconds = cpu_seconds
        self._ended.set()


@contextlib.contextmanager
def _stdin_of(text: str | None, folder: Path) -> Iterator[IO[bytes] | int]:
    """A file without a name that holds `text`: unlike a pipe it takes any length before the program runs."""
    if text is None:
        yield subprocess.DEVNULL
        return
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(text.encode())
        file.seek(0)
        yield file
