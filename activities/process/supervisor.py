"""Supervisor of a child process: its own process group, a stall timeout, SIGTERM then SIGKILL, always reaped."""

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from pathlib import Path

from audioprep.activities.attempt.shielding import run_to_completion
from audioprep.activities.process.command import child_command, child_environment
from audioprep.activities.process.limits import ChildLimits
from audioprep.activities.process.spawn import Subprocess
from audioprep.activities.process.stderr import PIPE_LIMIT, KeptStderr
from audioprep.activities.process.telemetry import ChildOutcome, ChildRecord, outcome_of
from audioprep.jobs.errors import ErrorKind, PermanentError, TransientError

TERM_GRACE = 5.0  # seconds between SIGTERM and SIGKILL
STALL_TIMEOUT = 60.0  # seconds without progress before a child counts as stuck
_STDERR_CLOSE = 1.0  # seconds to wait for stderr to close once the child is dead


class ChildProcess:
    """A running child. Output that is read counts as progress and restarts the stall clock."""

    def __init__(
        self,
        name: str,
        process: Subprocess,
        limits: ChildLimits | None,
        stall: asyncio.Timeout,
        stall_timeout: float,
        read_line: Callable[[str], None] | None = None,
    ) -> None:
        self.pid = process.pid
        self._name = name
        self._process = process
        self._limits = limits
        self._limited = self._stopped = False
        self._stall = stall
        self._stall_timeout = stall_timeout
        self._stdout: asyncio.StreamReader | None = None
        self._stderr = KeptStderr(read_line)
        self._stderr_reader: asyncio.Task[None] | None = None

    async def listen(self) -> None:
        """Open the pipes, and drain stderr from now on."""
        self._stdout, stderr = await self._process.open_pipes()
        self._stderr_reader = asyncio.create_task(self._stderr.drain(stderr), name=f"stderr of {self._name}")

    async def lines(self) -> AsyncIterator[str]:
        """Lines of stdout as they come, without their end. Raises PermanentError for one that is too long."""
        stdout = _pipe(self._stdout)
        while line := await self._line(stdout):
            self._touch()
            yield line.decode("utf-8", "replace").rstrip("\r\n")

    async def _line(self, stdout: asyncio.StreamReader) -> bytes:
        try:
            return await stdout.readline()
        except ValueError:  # what asyncio makes of a line beyond the limit
            sentence = f"{self._name} describes the source in a line of more than {PIPE_LIMIT // 1024} kB."
            raise PermanentError(ErrorKind.UNSUPPORTED_MEDIA, sentence) from None

    async def blocks(self) -> AsyncIterator[bytes]:
        """Raw stdout, in pieces of whatever size is there."""
        stdout = _pipe(self._stdout)
        while block := await stdout.read(PIPE_LIMIT):
            self._touch()
            yield block

    async def wait(self) -> int:
        """The exit code, negative for a signal, once the child is dead and has had its last word.

        Raises PermanentError when it came to one of its limits.
        """
        code = await self._process.wait()
        with contextlib.suppress(TimeoutError):  # a grandchild may hold it open
            await asyncio.wait_for(self._stderr.closed.wait(), _STDERR_CLOSE)
        if self._limits is not None:
            try:
                self._limits.check(self._name, code, self._process.cpu_seconds, self.stderr_tail)
            except PermanentError:
                self._limited = True
                raise
        return code

    @property
    def stderr_tail(self) -> str:
        """The end of what the child said on stderr; all of its last words only once the child is dead."""
        return self._stderr.tail

    @property
    def stderr(self) -> str:
        """The beginning and the end of what the child said on stderr."""
        return self._stderr.text

    @property
    def last_stderr_line(self) -> str:
        """The last line of stderr: most often the reason."""
        return self._stderr.last_line

    def _touch(self) -> None:
        self._stall.reschedule(asyncio.get_running_loop().time() + self._stall_timeout)

    async def end(self) -> None:
        """SIGTERM, the grace, SIGKILL, each for the whole group. Returns when the child is reaped."""
        if self._process.returncode is None:
            self._stopped = True
            self._signal_group(signal.SIGTERM)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._process.wait(), TERM_GRACE)
        # Also after a clean exit: whatever the child left behind in its session goes with it.
        self._signal_group(signal.SIGKILL)
        await self._process.wait()

    async def terminate_and_record(self, record: ChildRecord) -> None:
        """End it if it still runs, hear its last words, and write down how it went."""
        try:
            await self.end()
            if self._stderr_reader is not None:
                await asyncio.wait([self._stderr_reader], timeout=_STDERR_CLOSE)
        finally:
            if self._stderr_reader is not None:
                self._stderr_reader.cancel()
            self._process.close()
            record.ended(self._outcome, self._process.returncode or 0, self._process.cpu_seconds)

    @property
    def _outcome(self) -> ChildOutcome:
        return outcome_of(
            self._process.returncode or 0, stopped=self._stopped, stalled=self._stall.expired(), limited=self._limited
        )

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
    stdin: str | None = None,
    read_line: Callable[[str], None] | None = None,
) -> AsyncIterator[ChildProcess]:
    """Run `argv` in `cwd` while the block lasts; on every way out its process group is dead and reaped.

    `env` is the child's whole environment; None gives it the way to its programs and nothing else of ours. Every user
    of the machine can read `argv`: what is secret goes into `stdin`. `read_line` gets each line of stderr as it comes.

    Raises PermanentError when the program is not installed or came to one of its `limits`, and TransientError when it
    showed no progress for `stall_timeout` seconds.
    """
    name = Path(argv[0]).name
    stall = asyncio.timeout(stall_timeout)
    try:
        async with stall:
            spawned = Subprocess(
                child_command(argv, limits),
                cwd=cwd,
                env=child_environment() if env is None else env,
                pipe_limit=PIPE_LIMIT,
                stdin=stdin,
            )
            child = ChildProcess(name, spawned, limits, stall, stall_timeout, read_line)
            record = ChildRecord(name)
            try:
                await child.listen()
                yield child
            finally:
                await run_to_completion(child.terminate_and_record(record))
    except TimeoutError:
        if not stall.expired():
            raise
        sentence = f"{name} made no progress for {stall_timeout:g} s and was stopped."
        raise TransientError(ErrorKind.STALLED, sentence) from None


def _pipe(stream: asyncio.StreamReader | None) -> asyncio.StreamReader:
    if stream is None:
        raise RuntimeError("the pipes of this child are not open yet")
    return stream
