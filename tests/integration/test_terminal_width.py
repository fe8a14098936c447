"""Commands in terminals of 80 and 50 columns: their screens are kept in tests/golden.

`GOLDEN=write pytest tests/integration/test_terminal_width.py` writes them anew.
"""

import asyncio
import shutil
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from libsql_client import Client as DatabaseClient
from temporalio.client import Client

from audioprep.bridge.database.database import open_database
from audioprep.bridge.store.identity import identify
from audioprep.bridge.store.service import BridgeReport, ServiceTable
from audioprep.bridge.store.store import JobStore
from audioprep.bridge.temporal.deliveries import Deliveries
from audioprep.jobs.timestamps import to_text
from tests.conftest import TemporalServer
from tests.support.golden import check_golden
from tests.support.processes import free_port
from tests.support.tmux import screen, terminal
from tests.support.waiting import eventually

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
    "cost": ("cost", "--jobs", "1000"),
    "prune-count": ("prune", "--before", "36h", "--dry-run"),
    "prune-refused": ("prune",),
}
CHANGING = {
    "submit": ("submit", "ingest", "https://a.example/b.mp3"),
    "prune": ("prune", "--before", "36h", "--yes"),
}
LIVE = {
    "watch-live": ("watch", "aaaaaaaa-7777"),
    "watch-live-several": ("watch",),
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
    url = f"file:{folder / 'jobs.db'}"
    async with open_database(url) as database:
        await JobStore(database).migrate()
        await identify(database, url)
        await _insert(database)
        report = BridgeReport(workers=2, in_flight=1, slots=4)
        later = datetime.now(UTC) + timedelta(hours=1)  # however slow the run, the report is not an old one
        await ServiceTable(database).write("one", report, later, timedelta(hours=1))


async def _insert(database: DatabaseClient) -> None:
    now = datetime.now(UTC)
    for job_id, kind, status, progress, stage, result, error, age in ROWS:
        made, updated = to_text(now - timedelta(seconds=age)), to_text(now - timedelta(seconds=age - 30))
        await database.execute(
            "INSERT INTO audio_prep_jobs (jobId, type, status, progress, stage, metadata, result, error, createdAt,"
            " updatedAt) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [job_id, kind, status, progress, stage, '{"sourceType": "url"}', result, error, made, updated],
        )


def _env(folder: Path) -> dict[str, str]:
    return {
        "TURSO_DATABASE_URL": f"file:{folder / 'jobs.db'}",
        "TEMPORAL_ADDRESS": f"127.0.0.1:{free_port()}",
        "AUDIOPREP_STORAGE_URL": f"file:{folder / 'storage'}",
    }


@pytest.mark.parametrize("columns", [80, 50])
@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_s_screen_is_the_one_that_is_kept(name: str, columns: int, place: Path) -> None:
    seen = screen(place, _env(place), *COMMANDS[name], columns=columns)

    check_golden(f"{name}-{columns}", seen)
    assert max(map(len, seen.splitlines())) <= columns


@pytest.mark.parametrize("columns", [80, 50])
@pytest.mark.parametrize("name", CHANGING)
def test_the_screen_of_a_command_that_changes_rows(name: str, columns: int, place: Path, tmp_path: Path) -> None:
    copied = Path(shutil.copytree(place, tmp_path / "copy"))
    env = _env(copied) | {"AUDIOPREP_TEMPORAL_UI": "http://127.0.0.1:8233"}

    seen = screen(copied, env, *CHANGING[name], columns=columns, of_a_run=True)

    check_golden(f"{name}-{columns}", seen)


@pytest.mark.parametrize("columns", [80, 50])
@pytest.mark.parametrize("name", LIVE)
def test_the_live_screen_of_watch_is_the_one_that_is_kept(name: str, columns: int, place: Path) -> None:
    with terminal(place, _env(place), *LIVE[name], columns=columns) as seen:
        seen.until(lambda: "42 %" in seen.text() or "00 %" in seen.text())
        check_golden(f"{name}-{columns}", seen)


@pytest.mark.parametrize("columns", [80, 50])
def test_the_screen_of_check_is_the_one_that_is_kept(columns: int, place: Path) -> None:
    """Only what a bridge needs: the versions of programs are those of a machine."""
    env = {
        "TURSO_DATABASE_URL": "file:./jobs.db",
        "TEMPORAL_ADDRESS": "127.0.0.1:1",  # nothing listens there
        "AUDIOPREP_STORGE_URL": "file:./storage",
    }

    seen = screen(place, env, "check", "--role", "bridge", columns=columns, of_a_run=True)

    check_golden(f"check-{columns}", seen)


def test_the_screens_of_webhooks_are_those_that_are_kept(place: Path, temporal_server: TemporalServer) -> None:
    env = _env(place) | {
        "TEMPORAL_ADDRESS": temporal_server.address,
        "AUDIOPREP_TASK_QUEUE": f"without-worker-{uuid.uuid4()}",
        "AUDIOPREP_WEBHOOK_URL": "https://a.example/hook",
        "AUDIOPREP_WEBHOOK_SECRET": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    }
    ends = {80: "c0ffee00", 50: "deadbeef"}
    for columns, job_id in ends.items():
        replayed = screen(place, env, "webhooks", "replay", job_id, columns=columns, of_a_run=True)
        check_golden(f"webhooks-replay-{columns}", replayed)
    asyncio.run(_until_listed(place, temporal_server.address, len(ends)))

    for columns in ends:
        check_golden(f"webhooks-{columns}", screen(place, env, "webhooks", columns=columns, of_a_run=True))
        check_golden(f"webhooks-failed-{columns}", screen(place, env, "webhooks", "--failed", columns=columns))


async def _until_listed(place: Path, address: str, count: int) -> None:
    """Temporal lists a workflow shortly after its start."""
    url = f"file:{place / 'jobs.db'}"
    async with open_database(url) as database:
        table_id = (await identify(database, url)).table_id
    deliveries = Deliveries(await Client.connect(address), "", table_id)

    async def listed() -> bool:
        return len(await deliveries.unfinished(count, failed=False)) == count

    await eventually(listed, what=f"{count} deliveries in Temporal's list")
