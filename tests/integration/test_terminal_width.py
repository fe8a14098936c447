"""Commands in terminals of 80 and 50 columns: their screens are kept in tests/golden.

`GOLDEN=write pytest tests/integration/test_terminal_width.py` writes them anew.
"""

import asyncio
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from libsql_client import Client

from audioprep.bridge.database.database import open_database
from audioprep.bridge.store.service import BridgeReport, ServiceTable
from audioprep.bridge.store.store import JobStore
from audioprep.jobs.timestamps import to_text
from tests.support.processes import ROOT, free_port
from tests.support.tmux import screen

GOLDEN = ROOT / "tests" / "golden"
COMMANDS = {
    "jobs": ("jobs",),
    "jobs-failed": ("jobs", "--status", "failed", "--status", "cancelled"),
    "jobs-none": ("jobs", "--type", "nope"),
    "show": ("show", "c0ffee00"),
    "watch": ("watch", "c0ffee00"),
    "watch-several": ("watch", "c0ffee00", "dead"),
    "doctor": ("doctor", "dead"),
    "doctor-all": ("doctor",),
    "logs": ("logs", "dead"),
    "cancel": ("cancel", "c0ff", "aaaa"),
    "retry": ("retry", "aaaaaaaa"),
    "unknown": ("show", "nope"),
    "ambiguous": ("show", "aaaa"),
}
_ERROR = "The site refused the download (HTTP 403): it is private, or the address of this server is blocked there."
_ASSET = "0c0ffee0-1111-4222-8333-444455556666"
_RESULT = f'{{"assetId": "{_ASSET}", "storageKey": "assets/{_ASSET}/prepared.wav"}}'
_FACTS = '{"error": {"kind": "Network", "retryable": true, "attempts": 3}}'
# id, type, status, progress, stage, result, error, age: in the middle of an hour, so that a slow run shows the same
ROWS = [
    ("c0ffee00-7777-4888-9999-aaaabbbbcccc", "save", "complete", 100, "finalizing", _RESULT, None, 5_400),
    ("deadbeef-7777-4888-9999-aaaabbbbcccc", "ingest", "failed", 1, "downloading", _FACTS, _ERROR, 200_000),
    ("aaaaaaaa-7777-4888-9999-aaaabbbbcccc", "ingest", "processing", 42, "analyzing", None, None, 12_600),
    ("aaaaaaaa-7778-4888-9999-aaaabbbbcccc", "preview", "pending", 0, None, None, None, 9_000),
    ("order-2026-000017", "transcribe", "pending", 0, None, None, None, 16_200),
    ("odd", "ingest", "Pending", 0, None, None, None, 120_000),
    ("1b1b1b1b-7777-4888-9999-aaaabbbbcccc", "ingest", "cancelled", 0, None, None, None, 100_000),
]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("terminal")
    asyncio.run(_fill(folder))
    return folder


async def _fill(folder: Path) -> None:
    async with open_database(f"file:{folder / 'jobs.db'}") as database:
        await JobStore(database).migrate()
        await _insert(database)
        report = BridgeReport(workers=2, in_flight=1, slots=4)
        await ServiceTable(database).write("one", report, datetime.now(UTC), timedelta(hours=1))


async def _insert(database: Client) -> None:
    now = datetime.now(UTC)
    for job_id, kind, status, progress, stage, result, error, age in ROWS:
        made = to_text(now - timedelta(seconds=age))
        await database.execute(
            "INSERT INTO audio_prep_jobs (jobId, type, status, progress, stage, metadata, result, error, createdAt,"
            " updatedAt) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [job_id, kind, status, progress, stage, '{"sourceType": "url"}', result, error, made, made],
        )


@pytest.mark.parametrize("columns", [80, 50])
@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_s_screen_is_the_one_that_is_kept(name: str, columns: int, place: Path) -> None:
    env = {
        "TURSO_DATABASE_URL": f"file:{place / 'jobs.db'}",
        "TEMPORAL_ADDRESS": f"127.0.0.1:{free_port()}",
        "AUDIOPREP_STORAGE_URL": f"file:{place / 'storage'}",
    }

    seen = screen(place, env, *COMMANDS[name], columns=columns)

    kept = GOLDEN / f"{name}-{columns}.txt"
    if os.environ.get("GOLDEN") == "write":
        kept.write_text(seen, "utf-8")
    assert seen == kept.read_text("utf-8")
    assert max(map(len, seen.splitlines())) <= columns
