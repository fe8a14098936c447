"""The whole command line of a child: what kills it when we die, what limits it, and the program itself."""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from audioprep.activities.child_limits import ChildLimits
from audioprep.jobs.errors import ErrorKind, PermanentError

_IF_ORPHANED_EXIT = '[ "$PPID" = "$0" ] && exec "$@"'  # a fixed text: the command line follows as arguments


def child_command(argv: Sequence[str | Path], limits: ChildLimits | None) -> list[str | Path]:
    """`argv` behind its guards. Raises PermanentError when the program is not installed."""
    program = shutil.which(argv[0])
    if program is None:
        raise PermanentError(ErrorKind.CHILD_FAILED, f"{argv[0]} is not installed on the worker.")
    return [*_death_guard(), *(limits.prefix() if limits else ()), program, *argv[1:]]


def _death_guard() -> tuple[str, ...]:
    """A prefix that lets the kernel kill the child when the worker dies; empty where the system has no such thing.

    Python's `preexec_fn` could do the same, but may deadlock in a process with threads:
    https://docs.python.org/3/library/subprocess.html#subprocess.Popen
    A worker that died before the signal was set has left the child to another parent: then it does not begin.
    """
    setpriv = shutil.which("setpriv")
    return (
        (setpriv, "--pdeathsig", "KILL", "--", "/bin/sh", "-c", _IF_ORPHANED_EXIT, str(os.getpid())) if setpriv else ()
    )
