"""A child that wants too much is stopped by the kernel, and the row says what it wanted."""

import re
import signal
import sys
from pathlib import Path

import pytest

from audioprep.activities.attempt.media_limits import MediaLimits
from audioprep.activities.ffmpeg import command as ffmpeg
from audioprep.activities.process.limits import MB, ChildLimits
from audioprep.activities.process.supervisor import child_process
from audioprep.activities.ytdlp import command as ytdlp
from audioprep.jobs.errors import ErrorKind, PermanentError

MODEST = ChildLimits(cpu_seconds=1, memory=200 * MB, file_size=MB, open_files=64)
GREEDY = {
    "cpu": ("while True: pass", "more than 1 seconds of CPU time"),
    "cpu, signal caught": (
        "import signal, sys\nsignal.signal(signal.SIGXCPU, lambda *_: sys.exit(255))\nwhile True: pass",
        "more than 1 seconds of CPU time",
    ),
    "memory": ("x = bytearray(300_000_000)", "more than 200 MB of memory"),
    "memory, exit code 0": ("try: bytearray(300_000_000)\nexcept MemoryError: raise SystemExit", None),
    "file": ("open('x', 'wb').write(bytes(2_000_000))", "write more than 1 MB"),
    "file, signal not caught": (
        "import signal\nsignal.signal(signal.SIGXFSZ, signal.SIG_DFL)\nopen('x', 'wb').write(bytes(2_000_000))",
        "write more than 1 MB",
    ),
}


async def _run(folder: Path, code: str, limits: ChildLimits) -> int:
    async with child_process([sys.executable, "-c", code], cwd=folder, limits=limits) as child:
        return await child.wait()


@pytest.mark.parametrize("case", GREEDY)
async def test_a_greedy_child_is_stopped(tmp_path: Path, case: str) -> None:
    code, says = GREEDY[case]
    if says is None:
        assert await _run(tmp_path, code, MODEST) == 0
        return

    with pytest.raises(PermanentError, match=f"asks too much of the worker: .*{re.escape(says)}") as caught:
        await _run(tmp_path, code, MODEST)

    assert caught.value.kind is ErrorKind.LIMIT_EXCEEDED
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= MB


async def test_open_files_are_limited(tmp_path: Path) -> None:
    code = "files = [open('/dev/null') for _ in range(200)]"

    assert await _run(tmp_path, code, MODEST) == 1


async def test_a_child_killed_by_others_has_not_come_to_a_limit(tmp_path: Path) -> None:
    code = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"

    assert await _run(tmp_path, code, MODEST) == -signal.SIGKILL


@pytest.mark.parametrize("limits", [ffmpeg.LIMITS, ffmpeg.PROBE_LIMITS], ids=["ffmpeg", "ffprobe"])
async def test_who_only_reads_can_write_nothing(tmp_path: Path, limits: ChildLimits) -> None:
    with pytest.raises(PermanentError, match="write more than 0 MB"):
        await _run(tmp_path, "open('x', 'wb', 0).write(b'x')", limits)


async def test_deno_lives_within_the_limits_of_ytdlp(tmp_path: Path) -> None:
    command = ["deno", "eval", "console.log(new Array(1e6).fill(1).length)"]
    environment = ytdlp.environment(tmp_path)
    program = Path(sys.executable).with_name(command[0])
    limits = ytdlp.child_limits(MediaLimits())

    async with child_process([program, *command[1:]], cwd=tmp_path, env=environment, limits=limits) as child:
        said = [line async for line in child.lines()]
        assert await child.wait() == 0, child.stderr_tail

    assert said == ["1000000"]


async def test_a_child_sees_nothing_of_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hush")
    monkeypatch.setenv("https_proxy", "http://internal")
    code = "import os; print(*sorted(os.environ))"

    async with child_process([sys.executable, "-c", code], cwd=tmp_path) as child:
        (names,) = [line async for line in child.lines()]

    assert set(names.split()) <= {"PATH", "LC_ALL", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "PWD"}
