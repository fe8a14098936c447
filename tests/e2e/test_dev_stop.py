"""Ctrl-C in a busy development stack: everything ends soon and in order, and no attempt is lost."""

import asyncio
import json
import os
import signal
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from libsql_client import Client

from audioprep.bridge.database.database import open_database
from tests.support.audio import make_audio
from tests.support.children import descendants
from tests.support.fake_programs import slow_ffmpeg
from tests.support.processes import Program, free_ports, module, running
from tests.support.waiting import eventually

JOBS = 4
_LINES = 6  # on the screen, from Ctrl-C to the prompt
_AT_REST = 3.0  # seconds from Ctrl-C to the prompt, where nothing else runs on the machine
_BUSY = 12.0  # seconds where other tests keep it busy


@pytest.fixture
def stack(tmp_path: Path) -> Program:
    port, ui_port = free_ports(2)
    env = {"PATH": slow_ffmpeg(tmp_path / "bin"), "AUDIOPREP_LOG_LEVEL": "info", "AUDIOPREP_ACTIVITY_SLOTS": str(JOBS)}
    return module(
        *("audioprep", "dev", "--folder", str(tmp_path / "state")),
        *("--port", str(port), "--ui-port", str(ui_port)),
        log=tmp_path / "dev.log",
        env=env,
    )


async def test_ctrl_c_amid_four_jobs_loses_no_attempt(stack: Program, tmp_path: Path) -> None:
    tone = make_audio(tmp_path / "tone.mp3", 60)
    with running(stack):
        await _until(stack, "bridge_started", 1)
        for _ in range(JOBS):
            assert await _command(tmp_path, "submit", "ingest", str(tone)) == 0
        await _until_encoding(stack)
        before = stack.said()

        began = time.monotonic()
        os.killpg(stack.pid, signal.SIGINT)  # what a terminal does: the signal goes to the whole process group
        code = await _ended_in_order(stack)
        seconds = time.monotonic() - began

    after = stack.said().removeprefix(before)
    assert code == 0, after
    print(f"Ctrl-C amid {JOBS} jobs: {seconds:.1f} s to the prompt, load {os.getloadavg()[0]:.1f}")  # noqa: T201 - shown by -s
    assert seconds < (_AT_REST if os.environ.get("AT_REST") else _BUSY), after
    assert len(after.splitlines()) <= _LINES, after
    assert after.splitlines()[-1] == "stopped"

    (tmp_path / "bin" / "ffmpeg").unlink()
    with running(stack):
        async with open_database(f"file:{tmp_path / 'state' / 'jobs.db'}") as database:
            rows = await eventually(lambda: _all_complete(database), within=90, what="the end of all jobs")
    assert [row["retryCount"] for row in rows] == [0] * JOBS
    assert [json.loads(row["result"])["assetId"] for row in rows]


async def _until_encoding(stack: Program) -> None:
    async def all_encode() -> bool:
        return len(descendants(stack.pid, "-readrate")) >= JOBS

    await eventually(all_encode, within=60, what=f"{JOBS} processes of ffmpeg")


async def _ended_in_order(stack: Program) -> int:
    """The exit code of the stack. As long as it has a step to hand over, its Temporal server runs."""

    async def ended() -> bool:
        with suppress(psutil.NoSuchProcess):
            server = descendants(stack.pid, "start-dev")
            encoding = descendants(stack.pid, "-readrate")
            assert server or not encoding, "Temporal ended before the worker"
        return stack.running.poll() is not None

    await eventually(ended, within=30, what="the end of the stack")
    return stack.running.wait(0)


async def _until(stack: Program, event: str, times: int) -> None:
    async def said() -> bool:
        return stack.said().count(event) >= times

    await eventually(said, within=60, what=f"{times} times {event}")


async def _command(folder: Path, *arguments: str) -> int:
    program = module("audioprep", *arguments, "--dev", str(folder / "state"), log=folder / "command.log", env={})
    with running(program):
        return await asyncio.to_thread(program.running.wait, 30)


async def _all_complete(database: Client) -> list[dict[str, str]]:
    found = await database.execute("SELECT status, retryCount, result, error FROM audio_prep_jobs")
    rows = [row.asdict() for row in found.rows]
    assert [row["error"] for row in rows if row["error"]] == []
    return rows if all(row["status"] == "complete" for row in rows) else []
