"""Command line and environment of a child process."""

import ctypes
import functools
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from audioprep.activities.process.limits import ChildLimits
from audioprep.jobs.errors import ErrorKind, PermanentError

# Fixed texts: the command line follows as arguments. When memory runs out, the kernel is to take the child first and
# not the worker; without /proc it chooses by size.
_GUARD = '{ echo 1000 > /proc/self/oom_score_adj; } 2>/dev/null; [ "$PPID" = "$0" ] && exec "$@"'
_CAP_SETPCAP = 1 << 8  # capabilities(7)


def child_command(argv: Sequence[str | Path], limits: ChildLimits | None) -> list[str | Path]:
    """`argv` behind its guards. Raises PermanentError when the program is not installed."""
    program = shutil.which(argv[0])
    if program is None:
        raise PermanentError(ErrorKind.CHILD_FAILED, f"{argv[0]} is not installed on the worker.")
    return [*_guard(), *(limits.prefix() if limits else ()), program, *argv[1:]]


def _guard() -> tuple[str, ...]:
    """A prefix that lets the kernel kill the child when the worker dies; empty where the system has no such thing.

    Python's `preexec_fn` could do the same, but may deadlock in a process with threads:
    https://docs.python.org/3/library/subprocess.html#subprocess.Popen
    A worker that died before the signal was set has left the child to another parent: then it does not begin.
    """
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        return ()
    return (setpriv, "--pdeathsig", "KILL", *_capabilities(), "--", "/bin/sh", "-c", _GUARD, str(os.getpid()))


@functools.cache
def _capabilities() -> tuple[str, ...]:
    """What children of a worker that runs as root keep of its capabilities: files, but no look into other processes."""
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        return ()
    effective = next((line.split()[1] for line in status.splitlines() if line.startswith("CapEff:")), "0")
    may_drop = int(effective, 16) & _CAP_SETPCAP
    return ("--bounding-set", "-all,+chown,+dac_override,+fowner") if may_drop else ()


_PR_SET_DUMPABLE: Final = 4  # prctl(2)

_PASSED: Final = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")


def child_environment() -> dict[str, str]:
    """PATH and its like from ours; messages in plain English, which we read."""
    passed = {name: os.environ[name] for name in _PASSED if name in os.environ}
    return {"PATH": os.defpath, **passed, "LC_ALL": "C.UTF-8"}


def hide_from_children() -> bool:
    """Make this process not dumpable: others of the same user can read neither its memory nor its /proc/PID/environ.

    False where the system has no such thing. Children are not affected: a program that is executed is dumpable again.
    """
    if sys.platform != "linux":
        return False
    return bool(ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0) == 0)
