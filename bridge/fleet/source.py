"""Where the list of databases comes from: a file that is read again when it changes, or a command that prints it."""

import asyncio
import os
import shlex
import time
from pathlib import Path
from typing import Final

from audioprep.bridge.fleet.databases import DatabaseEntry, parse_databases

_COMMAND_TIMEOUT: Final = 30.0  # seconds
_LONGEST: Final = 16 * 1024 * 1024  # bytes of a list


class DatabaseSource:
    """Exactly one of `file` and `command` is given. A command is run at most every `refresh` seconds, without a shell.

    Raises RuntimeError when the list cannot be read.
    """

    def __init__(self, file: Path | None, command: str, *, token: str | None = None, refresh: float = 60.0) -> None:
        self._file = file
        self._command = command
        self._token = token
        self._refresh = refresh
        self._state: tuple[int, int] | None = None  # of the file, when it was read: time of change and size
        self._ran = float("-inf")

    async def read(self) -> tuple[list[DatabaseEntry], list[str]]:
        """The databases, and a sentence for each line that is none."""
        text = await (self._run() if self._file is None else asyncio.to_thread(self._read, self._file))
        return parse_databases(text, self._token)

    async def read_if_changed(self) -> tuple[list[DatabaseEntry], list[str]] | None:
        """None while there can be no change."""
        if self._file is None:
            due = time.monotonic() - self._ran >= self._refresh
        else:
            due = await asyncio.to_thread(self._state_of, self._file) != self._state
        return await self.read() if due else None

    def _read(self, file: Path) -> str:
        try:
            state = self._state_of(file)
            text = file.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
            raise RuntimeError(f"The list of databases in {file} cannot be read: {reason}.") from error
        self._state = state
        return text

    @staticmethod
    def _state_of(file: Path) -> tuple[int, int] | None:
        try:
            found = file.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size

    async def _run(self) -> str:
        self._ran = time.monotonic()
        words = shlex.split(self._command)
        name = Path(words[0]).name if words else "the command"
        try:
            process = await asyncio.create_subprocess_exec(
                *words, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, env=dict(os.environ)
            )
        except (OSError, ValueError) as error:
            raise RuntimeError(f"The command for the list of databases, {name}, does not run: {error}.") from error
        try:
            async with asyncio.timeout(_COMMAND_TIMEOUT):
                out, _ = await process.communicate()
        except TimeoutError:
            raise RuntimeError(f"{name} has printed no list of databases within {_COMMAND_TIMEOUT:g} s.") from None
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if process.returncode:
            raise RuntimeError(f"{name}, which prints the list of databases, ended with code {process.returncode}.")
        return out[:_LONGEST].decode(errors="replace")
