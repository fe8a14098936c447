"""Resource limits of a child process (rlimits), and whether one of them ended it."""

import re
import shutil
import signal
from dataclasses import dataclass, replace
from typing import Final, Self

from audioprep.jobs.errors import ErrorKind, PermanentError

MB: Final = 1024 * 1024
_KILL_AFTER: Final = 5  # CPU seconds between SIGXCPU, which a program may catch, and SIGKILL
_CERTAINTY: Final = 0.5  # the kernel holds the limit against ticks, which may run far ahead of the time it reports
_CAUGHT: Final = 255  # ffmpeg's exit code after a signal, SIGXCPU among them
_NO_MEMORY: Final = re.compile(
    r"cannot allocate memory|std::bad_alloc|\bMemoryError\b|fatal process out of memory|memory allocation of \d+ bytes",
    re.IGNORECASE,
)
_FILE_TOO_LARGE: Final = re.compile(r"file too large", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ChildLimits:
    """Set by util-linux' prlimit(1) in front of the program; where that is missing, there are none.

    Memory is RLIMIT_DATA, what the child may write to: V8 reserves far more addresses than it ever uses, so a limit on
    those would stop deno at once. The number of processes is not limited here: RLIMIT_NPROC counts all that the user
    runs, the worker and its neighbours as well.
    """

    cpu_seconds: int
    memory: int  # bytes
    file_size: int = 0  # bytes of any file it writes; pipes do not count
    open_files: int = 256

    def writing(self, size: int) -> Self:
        """The same for a child whose files may have `size` bytes."""
        return replace(self, file_size=size)

    def prefix(self) -> tuple[str, ...]:
        """What goes in front of a command line."""
        prlimit = shutil.which("prlimit")
        if prlimit is None:
            return ()
        return (
            prlimit,
            f"--cpu={self.cpu_seconds}:{self.cpu_seconds + _KILL_AFTER}",
            f"--data={self.memory}",
            f"--fsize={self.file_size}",
            f"--nofile={self.open_files}",
            "--core=0",
            "--",
        )

    def check(self, program: str, code: int, cpu_seconds: float, said: str) -> None:
        """Raises PermanentError when a child that ended so had come to one of its limits.

        The exit code alone does not always tell for CPU time, since programs catch that signal or are killed for other
        reasons: `cpu_seconds` is what it used, with the children it waited for.
        """
        stopped = code in (-signal.SIGKILL, _CAUGHT) and cpu_seconds >= self.cpu_seconds * _CERTAINTY
        if stopped or code == -signal.SIGXCPU:
            raise _over(f"{program} needed more than {self.cpu_seconds} seconds of CPU time")
        if code == -signal.SIGXFSZ or (code != 0 and _FILE_TOO_LARGE.search(said)):
            raise _over(f"{program} tried to write more than {self.file_size / MB:.0f} MB")
        if _NO_MEMORY.search(said):
            raise _over(f"{program} needed more than {self.memory // MB} MB of memory")


def _over(what: str) -> PermanentError:
    return PermanentError(ErrorKind.LIMIT_EXCEEDED, f"The source asks too much of the worker: {what}.")
