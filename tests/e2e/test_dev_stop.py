"""Ctrl-C in a busy development stack: everything ends soon and in order, and no attempt is lost."""

import asyncio
import json
import os
import signal
import time
from pathlib import Path

import pytest
from libsql_client import Client

from audioprep.bridge.database.database import open_database
from tests.support.audio import make_audio
from tests.support.fake_programs import slow_ffmpeg
from tests.support.processes import Program, free_ports, module, running
from tests.support.waiting import eventually

JOBS = 4
_LINES = 6  # on the screen, from Ctrl-C to the prompt


@pytest.fixture
def stack(tmp_path: Path) -> Program:
    port, ui_port = free_ports(2)
    env = {"PATH": slow_ffmpeg(tmp_path / "bin"), "AUDIOPREP_LOG_LEVEL": "info"}
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
        await _until(stack, "step_started", JOBS)
        before = stack.said()

        began = time.monotonic()
        os.killpg(stack.pid, signal.SIGINT)  # what a terminal does: the signal goes to the whole process group
        code = await asyncio.to_thread(stack.running.wait, 30)
        seconds = time.monotonic() - began

    after = stack.said().removeprefix(before)
    assert code == 0, after
    assert seconds < 10, after  # 3 s at rest; the machine of a test may be busy
    assert len(after.splitlines()) <= _LINES, after
    assert after.splitlines()[-1] == "stopped"

    (tmp_path / "bin" / "ffmpeg").unlink()
    with running(stack):
        async with open_database(f"file:{tmp_path / 'state' / 'jobs.db'}") as database:
            rows = await eventually(lambda: _all_complete(database), within=90, what="the end of all jobs")
    assert [row["retryCount"] for row in rows] == [0] * JOBS
    assert [json.loads(row["result"])["assetId"] for row in rows]


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
