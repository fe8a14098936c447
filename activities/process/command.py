"""The whole command line of a child: what kills it when the worker dies, what limits it, and the program itself."""

import functools
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

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
