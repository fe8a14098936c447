"""Child processes: whatever happens, nobody survives and nobody waits for ever."""

import asyncio
import sys
from pathlib import Path

import psutil
import pytest

from audioprep.activities.process import supervisor as process
from audioprep.activities.process.supervisor import child_process
from audioprep.jobs.errors import ErrorKind, PermanentError, TransientError
from tests.support.waiting import eventually

# Starts a grandchild that ignores SIGTERM, prints both pids, and waits.
FAMILY = """
import os, signal, subprocess, sys
if {deaf}: signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c",
    "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True); signal.pause()"],
    stdout=subprocess.PIPE)
child.stdout.readline()
print(os.getpid(), child.pid, flush=True)
signal.pause()
"""


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


async def gone(*pids: int) -> None:
    async def check() -> bool:
        return not any(alive(pid) for pid in pids)

    await eventually(check, within=5, what=f"end of {pids}")


async def family(tmp_path: Path, *, deaf: bool, pids: list[int]) -> None:
    """Run a child with a grandchild until cancelled, noting their pids."""
    async with child_process(python(FAMILY.format(deaf=deaf)), cwd=tmp_path) as child:
        async for line in child.lines():
            pids.extend(map(int, line.split()))
        await child.wait()


async def test_output_exit_code_and_last_words(tmp_path: Path) -> None:
    code = "import sys; print('one'); print('two'); print('noise\\nwhy', file=sys.stderr); sys.exit(3)"

    async with child_process(python(code), cwd=tmp_path) as child:
        lines = [line async for line in child.lines()]
        assert await child.wait() == 3

    assert lines == ["one", "two"]
    assert child.last_stderr_line == "why"


@pytest.mark.parametrize("end", ["\\n", ""], ids=["a line that ends: refused", "a line without end: refused"])
async def test_a_line_that_is_too_long_is_the_sources_fault(tmp_path: Path, end: str) -> None:
    code = f"print('short'); print('x' * 3_000_000, end='{end}', flush=True); import signal; signal.pause()"
    lines: list[str] = []

    async def read() -> None:
        async with child_process(python(code), cwd=tmp_path) as child:
            async for line in child.lines():
                lines.append(line)  # noqa: PERF401 - what came before the error counts

    with pytest.raises(PermanentError, match="describes the source in a line of more than 256 kB") as raised:
        await read()

    assert raised.value.kind is ErrorKind.UNSUPPORTED_MEDIA
    assert lines == ["short"]


async def test_a_flood_on_stderr_neither_blocks_nor_fills_memory(tmp_path: Path) -> None:
    code = "import sys\nfor i in range(20000): print('x' * 100, file=sys.stderr)\nprint('last', file=sys.stderr)"

    async with child_process(python(code), cwd=tmp_path) as child:
        assert await child.wait() == 0

    assert child.last_stderr_line == "last"
    assert len(child.stderr) <= 4096 + 16_384


@pytest.mark.parametrize("deaf", [False, True], ids=["obedient", "deaf to SIGTERM"])
async def test_cancel_ends_the_whole_group(tmp_path: Path, deaf: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "TERM_GRACE", 0.3)
    pids: list[int] = []
    task = asyncio.create_task(family(tmp_path, deaf=deaf, pids=pids))
    await eventually(lambda: _true(len(pids) == 2), what="the family's pids")

    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert not alive(pids[0]), "the child is reaped when the cancel returns"
    await gone(*pids)


async def test_a_second_cancel_does_not_cut_the_cleanup_short(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "TERM_GRACE", 0.5)
    pids: list[int] = []
    task = asyncio.create_task(family(tmp_path, deaf=True, pids=pids))
    await eventually(lambda: _true(len(pids) == 2), what="the family's pids")

    task.cancel()
    await asyncio.wait([task], timeout=0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    await gone(*pids)


async def test_an_error_in_the_block_ends_the_child(tmp_path: Path) -> None:
    async def fail_while_it_runs() -> None:
        async with child_process(
            python("import signal; print('up', flush=True); signal.pause()"), cwd=tmp_path
        ) as child:
            pids.append(child.pid)
            async for _ in child.lines():
                raise PermanentError(ErrorKind.LIMIT_EXCEEDED, "too much")

    pids: list[int] = []
    with pytest.raises(PermanentError, match="too much"):
        await fail_while_it_runs()

    await gone(*pids)


async def test_a_child_without_progress_is_stopped(tmp_path: Path) -> None:
    pids: list[int] = []

    async def wait_for_nothing() -> None:
        async with child_process(python("import signal; signal.pause()"), cwd=tmp_path, stall_timeout=0.5) as child:
            pids.append(child.pid)
            await child.wait()

    with pytest.raises(TransientError, match=r"made no progress for 0\.5 s and was stopped") as error:
        await wait_for_nothing()

    assert error.value.kind is ErrorKind.STALLED
    await gone(*pids)


async def test_progress_restarts_the_stall_clock(tmp_path: Path) -> None:
    code = "import time\nfor i in range(8): print(i, flush=True); time.sleep(0.15)"

    async with child_process(python(code), cwd=tmp_path, stall_timeout=0.6) as child:
        lines = [line async for line in child.lines()]

    assert len(lines) == 8


async def test_a_time_out_inside_the_block_is_not_taken_for_a_stall(tmp_path: Path) -> None:
    with pytest.raises(TimeoutError):
        async with child_process(python("import signal; signal.pause()"), cwd=tmp_path) as child:
            await asyncio.wait_for(child.wait(), 0.1)


async def test_a_program_that_is_not_installed(tmp_path: Path) -> None:
    with pytest.raises(PermanentError, match="no-such-program is not installed on the worker"):
        async with child_process(["no-such-program"], cwd=tmp_path):
            pass


async def test_the_death_of_the_parent_kills_the_child(tmp_path: Path) -> None:
    code = f"""
import asyncio, sys
from pathlib import Path
from audioprep.activities.process.supervisor import child_process
async def main():
    async with child_process([sys.executable, "-c", "import signal; signal.pause()"], cwd=Path({str(tmp_path)!r})) as c:
        print(c.pid, flush=True)
        await c.wait()
asyncio.run(main())
"""
    parent = await asyncio.create_subprocess_exec(*python(code), stdout=asyncio.subprocess.PIPE)
    assert parent.stdout is not None
    pid = int(await parent.stdout.readline())

    parent.kill()
    await parent.wait()

    await gone(pid)


async def _true(value: bool) -> bool:
    return value
