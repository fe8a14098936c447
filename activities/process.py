"""A supervised child process: its own session, a bounded life, and no survivors."""

import asyncio
import contextlib
import os
import resource
import shutil
import signal
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path

from audioprep.activities.child_environment import child_environment
from audioprep.activities.child_limits import ChildLimits
from audioprep.activities.shielding import finish
from audioprep.jobs.errors import ErrorKind, PermanentError, TransientError

TERM_GRACE = 5.0  # seconds between SIGTERM and SIGKILL
STALL_TIMEOUT = 60.0  # seconds without progress before a child counts as stuck
_STDERR_TAIL = 4096  # bytes of stderr kept for the error message
_STDERR_CLOSE = 1.0  # seconds to wait for stderr to close once the child is dead
_IF_ORPHANED_EXIT = '[ "$PPID" = "$0" ] && exec "$@"'  # a fixed text: the command line follows as arguments
_PIPE_LIMIT = 1 << 18  # bytes; also the longest line we accept


class ChildProcess:
    """A running child. Output that is read counts as progress and restarts the stall clock."""

    def __init__(
        self,
        name: str,
        process: asyncio.subprocess.Process,
        limits: ChildLimits | None,
        stall: asyncio.Timeout,
        stall_timeout: float,
    ) -> None:
        self.pid = process.pid
        self._name = name
        self._process = process
        self._limits = limits
        self._cpu_before = _cpu_of_children()
        self._stall = stall
        self._stall_timeout = stall_timeout
        self._stderr = bytearray()
        self._stderr_closed = asyncio.Event()

    async def lines(self) -> AsyncIterator[str]:
        """Lines of stdout as they come, without their end."""
        async for line in _pipe(self._process.stdout):
            self._touch()
            yield line.decode("utf-8", "replace").rstrip("\r\n")

    async def blocks(self) -> AsyncIterator[bytes]:
        """Raw stdout, in pieces of whatever size is there."""
        stdout = _pipe(self._process.stdout)
        while block := await stdout.read(_PIPE_LIMIT):
            self._touch()
            yield block

    async def wait(self) -> int:
        """The exit code, negative for a signal, once the child is dead and has had its last word.

        Raises PermanentError when it came to one of its limits.
        """
        code = await self._process.wait()
        with contextlib.suppress(TimeoutError):  # a grandchild may hold it open
            await asyncio.wait_for(self._stderr_closed.wait(), _STDERR_CLOSE)
        if self._limits is not None:
            self._limits.check(self._name, code, _cpu_of_children() - self._cpu_before, self.stderr_tail)
        return code

    @property
    def last_words(self) -> str:
        """The last line of stderr: most often the reason."""
        lines = self._stderr.decode("utf-8", "replace").split("\n")
        return next((line.strip() for line in reversed(lines) if line.strip()), "no message")

    @property
    def stderr_tail(self) -> str:
        """The end of what the child said on stderr; all of its last words only once the child is dead."""
        return self._stderr.decode("utf-8", "replace")

    def _touch(self) -> None:
        self._stall.reschedule(asyncio.get_running_loop().time() + self._stall_timeout)

    async def keep_stderr(self) -> None:
        """Drain stderr, so that the child never blocks on it, and keep its tail."""
        stderr = _pipe(self._process.stderr)
        while block := await stderr.read(_PIPE_LIMIT):
            self._stderr += block
            del self._stderr[:-_STDERR_TAIL]
        self._stderr_closed.set()

    async def end(self) -> None:
        """SIGTERM, the grace, SIGKILL, each for the whole group. Returns when the child is reaped."""
        if self._process.returncode is None:
            self._signal_group(signal.SIGTERM)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._process.wait(), TERM_GRACE)
        # Also after a clean exit: whatever the child left behind in its session goes with it.
        self._signal_group(signal.SIGKILL)
        await self._process.wait()

    def _signal_group(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):  # the group is empty: what we wanted
            os.killpg(self.pid, number)


@contextlib.asynccontextmanager
async def child_process(
    argv: Sequence[str | Path],
    *,
    cwd: Path,
    stall_timeout: float = STALL_TIMEOUT,
    env: Mapping[str, str] | None = None,
    limits: ChildLimits | None = None,
) -> AsyncIterator[ChildProcess]:
    """Run `argv` in `cwd` while the block lasts; on every way out its process group is dead and reaped.

    `env` is the child's whole environment; None gives it the way to its programs and nothing else of ours.

    Raises PermanentError when the program is not installed or came to one of its `limits`, and TransientError when it
    showed no progress for `stall_timeout` seconds.
    """
    name = Path(argv[0]).name
    stall = asyncio.timeout(stall_timeout)
    try:
        async with stall:
            child = ChildProcess(name, await _spawn(argv, cwd, env, limits), limits, stall, stall_timeout)
            stderr = asyncio.create_task(child.keep_stderr(), name=f"stderr of {name}")
            try:
                yield child
            finally:
                await finish(_bury(child, stderr))
    except TimeoutError:
        if not stall.expired():
            raise
        sentence = f"{name} made no progress for {stall_timeout:g} s and was stopped."
        raise TransientError(ErrorKind.STALLED, sentence) from None


async def _spawn(
    argv: Sequence[str | Path], cwd: Path, env: Mapping[str, str] | None, limits: ChildLimits | None
) -> asyncio.subprocess.Process:
    program = shutil.which(argv[0])
    if program is None:
        raise PermanentError(ErrorKind.CHILD_FAILED, f"{argv[0]} is not installed on the worker.")
    return await asyncio.create_subprocess_exec(
        *_death_guard(),
        *(limits.prefix() if limits else ()),
        program,
        *argv[1:],
        cwd=cwd,
        env=child_environment() if env is None else env,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        limit=_PIPE_LIMIT,
        start_new_session=True,
    )


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


def _cpu_of_children() -> float:
    """CPU seconds of all children that were reaped: what one used is at most what came to it in its time."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


async def _bury(child: ChildProcess, stderr: asyncio.Task[None]) -> None:
    try:
        await child.end()
    finally:
        await asyncio.wait([stderr], timeout=_STDERR_CLOSE)
        stderr.cancel()


def _pipe(stream: asyncio.StreamReader | None) -> asyncio.StreamReader:
    if stream is None:
        raise RuntimeError("the child was spawned without this pipe")
    return stream
