"""Children and other processes of the machine: what they can see of a worker and of the jobs it runs."""

import asyncio
import os
import secrets
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from temporalio.testing import ActivityEnvironment

from audioprep.activities.attempt.context import AttemptContext
from audioprep.activities.attempt.media_limits import MediaLimits
from audioprep.activities.download.address_policy import NetworkRules
from audioprep.activities.process.supervisor import child_process
from audioprep.activities.ytdlp.client import YtDlp
from audioprep.jobs.status import Stage
from tests.support.fake_network import StagedPolicy
from tests.support.raw_site import HEAD, dripping, open_raw_site

SIGNATURE, PASSWORD = "0123456789signature", "0123456789password"
# Prints what `cat` makes of the environment of the process that started it.
READER = """
import asyncio, os
from pathlib import Path
from audioprep.activities.process.command import hide_from_children
from audioprep.activities.process.supervisor import child_process
async def main():
    async with child_process(["cat", f"/proc/{os.getpid()}/environ"], cwd=Path("/")) as child:
        lines = [line async for line in child.lines()]
        print(await child.wait(), lines)
hide_from_children()
asyncio.run(main())
"""
# Starts the worker role and asks the kernel (PR_GET_DUMPABLE).
ROLE = """
import asyncio, ctypes
from audioprep.roles import run_worker
from audioprep.settings import Settings
async def main():
    role = asyncio.create_task(run_worker(Settings()))
    while ctypes.CDLL(None).prctl(3, 0, 0, 0, 0):
        await asyncio.sleep(0.01)
    role.cancel()
    await asyncio.gather(role, return_exceptions=True)
    print("not dumpable")
asyncio.run(main())
"""


@pytest.mark.parametrize("work", ["fetch", "expand"])
async def test_no_command_line_holds_a_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, work: str) -> None:
    monkeypatch.setattr(secrets, "token_urlsafe", lambda _: PASSWORD)
    ytdlp = YtDlp(NetworkRules(StagedPolicy(), frozenset("*")), MediaLimits(min_rate=1000, rate_window=2))
    seen: set[str] = set()

    async with open_raw_site(dripping(HEAD + b"Content-Length: 99999\r\n\r\n", b"x", 0.1)) as site:
        url = f"{site}rec.mp3?X-Signature={SIGNATURE}"

        async def attempt() -> None:
            step = AttemptContext(Stage.DOWNLOADING, tmp_path)
            await (ytdlp.fetch(url, step) if work == "fetch" else ytdlp.expand(url, 5, step))

        run = asyncio.create_task(ActivityEnvironment().run(attempt))
        while not (await asyncio.wait([run], timeout=0.02))[0]:
            seen |= _command_lines()
        await asyncio.gather(run, return_exceptions=True)

    assert any("yt-dlp" in line for line in seen)
    assert not [line for line in seen if SIGNATURE in line or PASSWORD in line]


@pytest.mark.parametrize("unprivileged", [False, True], ids=["of the suite's user", "of another user"])
def test_a_child_cannot_read_the_workers_environment(unprivileged: bool) -> None:
    prefix = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "--"]
    environment = {**os.environ, "AWS_SECRET_ACCESS_KEY": "hush", "PYTHONDONTWRITEBYTECODE": "1"}

    command = [*(prefix if unprivileged and os.geteuid() == 0 else ()), sys.executable, "-c", READER]
    run = subprocess.run(command, env=environment, capture_output=True, timeout=60)

    assert run.stdout.decode().strip() == "1 []", run.stderr.decode()


def test_the_worker_role_is_not_dumpable(tmp_path: Path) -> None:
    environment = {**os.environ, "TEMPORAL_ADDRESS": "127.0.0.1:1", "AUDIOPREP_WORK_DIR": str(tmp_path)}

    run = subprocess.run([sys.executable, "-c", ROLE], env=environment, capture_output=True, timeout=60)

    assert run.stdout.decode().splitlines()[-1:] == ["not dumpable"], run.stderr.decode()


async def test_a_child_and_its_children_go_first_when_memory_runs_out(tmp_path: Path) -> None:
    code = "import subprocess; print(subprocess.check_output(['cat', '/proc/self/oom_score_adj']).decode())"

    async with child_process([sys.executable, "-c", code], cwd=tmp_path) as child:
        said = [line async for line in child.lines()]
        assert await child.wait() == 0

    assert said[0] == "1000"
    assert Path("/proc/self/oom_score_adj").read_text().strip() != "1000"


async def test_a_child_reads_what_it_is_given(tmp_path: Path) -> None:
    text = "ä" * 300_000  # more than a pipe holds

    async with child_process(["wc", "-c"], cwd=tmp_path, stdin=text) as child:
        said = [line async for line in child.lines()]
        assert await child.wait() == 0

    assert said == ["600000"]
    assert list(tmp_path.iterdir()) == []


def _command_lines() -> set[str]:
    found = set()
    for child in psutil.Process().children(recursive=True):
        try:
            found.add(" ".join(child.cmdline()))
        except psutil.Error:
            continue
    return found
