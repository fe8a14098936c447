"""`audioprep fake` and the Python package's own: scripts, cancels, files that are what they say."""

import asyncio
import io
import json
import sqlite3
import sys
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from audioprep_client import Audioprep, build_recipe
from audioprep_client.testing import migrate, running_fake
from tests.support.processes import Program, running
from tests.support.waiting import eventually

WAIT: Any = {"first": 0.02, "longest": 0.2, "timeout": 60}


@pytest.fixture(params=["audioprep fake", "audioprep_client.testing"])
def jobs(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Audioprep]:
    """A client whose table is served by a fake bridge, with its storage in `tmp_path`."""
    database = tmp_path / "jobs.db"
    migrate(_connect(database))
    connection = _connect(database)
    if request.param == "audioprep fake":
        with running(Program([sys.executable, "-m", "audioprep", "fake", "--folder", tmp_path], tmp_path / "fake.log")):
            yield Audioprep(connection)
    else:
        with running_fake(lambda: _connect(database), tmp_path / "storage"):
            yield Audioprep(connection)
    connection.close()


def test_a_row_chooses_its_script(jobs: Audioprep) -> None:
    refused = jobs.create_job("ingest", _remote(script="bot-check"))
    failed = jobs.create_job("ingest", _remote(script="fails", kind="LimitExceeded"))

    ended = [jobs.wait_for_job(job_id, **WAIT) for job_id in (refused, failed)]

    assert [job.failure for job in ended] == [
        {"kind": "BotCheck", "retryable": True, "attempts": 1},
        {"kind": "LimitExceeded", "retryable": False, "attempts": 1},
    ]
    assert "bot" in (ended[0].error or "")


def test_a_cancel_is_never_acknowledged_if_the_script_says_so(jobs: Audioprep) -> None:
    job_id = jobs.create_job("ingest", _remote(script="never-acknowledges"))
    next(job for job in jobs.watch_job(job_id, **WAIT) if job.stage == "finalizing")

    assert jobs.cancel_job(job_id)

    other = jobs.create_job("ingest", _remote())
    assert jobs.wait_for_job(other, **WAIT).status == "complete"  # the fake has been round since
    left = jobs.get_job(job_id)
    assert left is not None
    assert (left.status, left.stage) == ("cancelled", "finalizing")


def test_files_are_what_their_keys_say(jobs: Audioprep, tmp_path: Path) -> None:
    storage = tmp_path / "storage"
    asset = jobs.wait_for_job(jobs.create_job("ingest", _remote()), **WAIT).result
    recipe = build_recipe(asset["assetId"], [{"startTime": 0, "endTime": 1.5}])
    saved = jobs.wait_for_job(jobs.create_job("save", {"recipe": recipe}), **WAIT).result
    saved_wav = (storage / saved["preparedKey"]).read_bytes()
    aac = build_recipe(asset["assetId"], [{"startTime": 0, "endTime": 1.5}], outputFormat="aac")
    saved_aac = jobs.wait_for_job(jobs.create_job("save", {"recipe": aac}), **WAIT).result
    preview = jobs.wait_for_job(jobs.create_job("preview", {"recipe": recipe}), **WAIT).result

    with wave.open(io.BytesIO(saved_wav)) as file:
        assert file.getnframes() / file.getframerate() == pytest.approx(1.5, abs=0.001)
    assert (storage / asset["waveformKey"]).read_bytes().startswith(b"\x89PNG")
    assert len(json.loads((storage / asset["peaksKey"]).read_text())) == 2 * 50 * 2
    assert (storage / saved_aac["preparedKey"]).read_bytes()[4:8] == b"ftyp"
    assert (storage / preview["previewKey"]).read_bytes()[:2] == b"\xff\xfb"


def test_each_output_is_a_file_of_its_format(jobs: Audioprep, tmp_path: Path) -> None:
    asset = jobs.wait_for_job(jobs.create_job("ingest", _remote()), **WAIT).result["assetId"]
    clips: Any = [{"startTime": 0, "endTime": 1.5}]
    first = build_recipe(asset, clips, outputs=[{"format": "wav", "bitDepth": 24}, {"format": "flac"}])
    second = build_recipe(asset, clips, outputs=[{"format": "opus"}, {"format": "mp3"}, {"format": "aac"}])

    found = {}
    for recipe in (first, second):
        result = jobs.wait_for_job(jobs.create_job("save", {"recipe": recipe}), **WAIT).result
        assert result["preparedKey"] == result["outputs"][0]["key"]
        for file in result["outputs"]:
            found[file["format"]] = (tmp_path / "storage" / file["key"]).read_bytes()
            assert file["bytes"] == len(found[file["format"]])

    with wave.open(io.BytesIO(found["wav"])) as wav:
        assert (wav.getsampwidth(), wav.getnframes()) == (3, round(1.5 * wav.getframerate()))
    starts = {name: content[:4] for name, content in found.items()}
    assert starts["flac"] == b"fLaC"
    assert starts["opus"] == b"OggS"
    assert starts["mp3"][:2] == b"\xff\xfb"
    kept = {path.name for path in (tmp_path / "storage/assets" / asset).glob("prepared.*")}
    assert kept == {"prepared.opus", "prepared.mp3", "prepared.m4a"}


def test_a_playlist_has_assets(jobs: Audioprep, tmp_path: Path) -> None:
    job = jobs.wait_for_job(jobs.create_job("playlist", {"url": "https://example.com/list"}), **WAIT)

    assert [entry["status"] for entry in job.result["entries"]] == ["complete", "complete"]
    assert all((tmp_path / "storage" / entry["originalKey"]).is_file() for entry in job.result["entries"])


async def test_an_unknown_kind_is_refused_with_the_list(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "audioprep", "fake", "--folder", tmp_path, "--kind", "Nonsense"), stderr=-1
    )
    _, err = await process.communicate()

    assert process.returncode == 2
    assert b"There is no kind of error 'Nonsense'; the kinds are InvalidPayload" in err


async def test_the_fake_ends_at_once_and_leaves_the_row_as_it_is(tmp_path: Path) -> None:
    database = tmp_path / "jobs.db"
    migrate(_connect(database))
    jobs = Audioprep(_connect(database))
    program = Program([sys.executable, "-m", "audioprep", "fake", "--folder", tmp_path], tmp_path / "fake.log")
    with running(program):
        job_id = jobs.create_job("ingest", _remote(script="never-acknowledges"))

        async def runs() -> bool:
            job = jobs.get_job(job_id)
            return job is not None and job.status == "processing"

        await eventually(runs, what="a job that runs")
        assert program.stop() == 0

    left = jobs.get_job(job_id)
    assert left is not None
    assert left.status == "processing"


def _remote(**script: str) -> Any:
    return {"sourceType": "youtube", "url": "https://www.youtube.com/watch?v=x", "fake": script}


def _connect(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, timeout=10, check_same_thread=False)
