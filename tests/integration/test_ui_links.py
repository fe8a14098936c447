"""Links into Temporal's UI: on ids in a terminal, as plain lines elsewhere, and none where the UI is not known."""

import asyncio
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from audioprep.bridge.database.database import open_database
from audioprep.bridge.store.identity import identify
from audioprep.bridge.store.store import JobStore
from audioprep.jobs.timestamps import to_text, utc_now
from tests.support.terminal import HOSTILE, run_in_terminal, steering

UI = "http://[::1]:8233"  # brackets: in Rich's markup they would end a link
_HYPERLINK = re.compile(r"\x1b\]8;[^;]*;([^\x1b]*)\x1b\\(.*?)\x1b\]8;;\x1b\\")
_ROWS = {
    "complete-1111": "complete",
    "failed-2222": "failed",
    "pending-3333": "pending",
    f"hostile{HOSTILE}": "complete",
}


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A folder with a database, and the identity of its table."""
    folder = tmp_path_factory.mktemp("links")
    return folder, asyncio.run(_fill(f"file:{folder / 'jobs.db'}"))


async def _fill(url: str) -> str:
    async with open_database(url) as database:
        await JobStore(database).migrate()
        identity = await identify(database, url)
        for job_id, status in _ROWS.items():
            await database.execute(
                "INSERT INTO audio_prep_jobs (jobId, type, status, progress, metadata, result, createdAt, updatedAt)"
                " VALUES (?, 'ingest', ?, 0, '{}', '{}', ?, ?)",
                [job_id, status, *[to_text(utc_now())] * 2],
            )
    return identity.table_id


def _env(folder: Path, ui: str = UI) -> dict[str, str]:
    return {"TURSO_DATABASE_URL": f"file:{folder / 'jobs.db'}", "AUDIOPREP_TEMPORAL_UI": ui}


def _page(table_id: str, job_id: str) -> str:
    return f"{UI}/namespaces/default/workflows/audioprep-{table_id}-{job_id}"


def _piped(folder: Path, *arguments: str, ui: str = UI) -> str:
    argv = [sys.executable, "-m", "audioprep", *arguments]
    env = {**os.environ, **_env(folder, ui)}
    return subprocess.run(argv, cwd=folder, env=env, capture_output=True, text=True, check=False, timeout=60).stdout


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [(("jobs",), "failed-2"), (("watch", "complete-1111", "failed-2222"), "failed-2222")],
    ids=["jobs", "watch"],
)
def test_in_a_terminal_an_id_leads_to_its_page(table: tuple[Path, str], arguments: tuple[str, ...], shown: str) -> None:
    folder, table_id = table

    written = run_in_terminal(folder, _env(folder), *arguments, size=(80, 50))

    links = {text: url for url, text in _HYPERLINK.findall(written)}
    assert links[shown] == _page(table_id, "failed-2222")
    assert not any(text.startswith("pending") for text in links)
    assert steering(_HYPERLINK.sub(r"\2", written)) == []


@pytest.mark.parametrize("arguments", [("watch", "complete-1111"), ("show", "complete-1111")], ids=lambda it: it[0])
def test_of_one_job_the_page_is_printed(table: tuple[Path, str], arguments: tuple[str, ...]) -> None:
    folder, table_id = table

    assert f"workflow {_page(table_id, 'complete-1111')}\n" in _piped(folder, *arguments)
    assert "workflow" not in _piped(folder, *arguments, ui="")


def test_submit_prints_the_page_that_the_job_will_have(table: tuple[Path, str]) -> None:
    folder, table_id = table

    job, _, page = _piped(folder, "submit", "ingest", "https://a.example/b.mp3").splitlines()

    assert page.endswith(f"claimed it: {_page(table_id, job.removeprefix('job '))}")


def test_no_escape_sequence_is_written_where_there_is_no_terminal(table: tuple[Path, str]) -> None:
    folder, _ = table

    assert "\x1b" not in _piped(folder, "jobs") + _piped(folder, "watch", "complete-1111", "failed-2222")
