"""`audioprep check` finds what is wrong, and says what to do about it."""

import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from temporalio.client import Client

from audioprep.bridge.database.database import open_database
from audioprep.bridge.store.identity import identify
from audioprep.bridge.store.store import JobStore
from audioprep.checks.finding import CheckResult
from audioprep.checks.run import CheckedRole, check_all
from audioprep.settings import Settings
from tests.conftest import TemporalServer
from tests.support.processes import free_port
from tests.support.waiting import eventually

_COLUMNS = (
    "jobId TEXT PRIMARY KEY, type, status, progress, stage, metadata, result, error, retryCount, createdAt, updatedAt"
)


@pytest.fixture
async def strict_database() -> AsyncIterator[str]:
    """A server that lets nobody in."""

    async def refuse(_: web.Request) -> web.Response:
        return web.Response(status=401, text="Unauthorized")

    app = web.Application()
    app.router.add_post("/v2/pipeline", refuse)
    runner, port = web.AppRunner(app), free_port()
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    yield f"http://127.0.0.1:{port}"
    await runner.cleanup()


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An interpreter that stands alone, with the programs that `_program` makes and no others."""
    (tmp_path / "bin").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.executable", str(tmp_path / "bin" / "python"))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("AUDIOPREP_STORAGE_URL", f"file:{tmp_path / 'storage'}")
    monkeypatch.setenv("TURSO_AUTH_TOKEN", "not-the-one")
    return monkeypatch


def _program(name: str, says: str) -> None:
    program = Path("bin") / name
    program.write_text(f"#!/bin/sh\necho '{says}'\n")
    program.chmod(0o755)


async def _skewed(_: object) -> float:
    return 90.0


async def _findings(role: CheckedRole = "all") -> dict[str, CheckResult]:
    return {finding.subject: finding for finding in await check_all(Settings(), role)}


async def test_who_is_not_there_or_does_not_let_us_in(environment: pytest.MonkeyPatch, strict_database: str) -> None:
    environment.setenv("TURSO_DATABASE_URL", strict_database)
    environment.setenv("TEMPORAL_ADDRESS", f"127.0.0.1:{free_port()}")
    Path("storage").write_text("a file where a folder should be")

    found = await _findings()

    assert {name for name, finding in found.items() if not finding.ok} >= {"database", "clock", "temporal", "storage"}
    assert "check TURSO_AUTH_TOKEN" in found["database"].says
    assert "check TEMPORAL_ADDRESS" in found["temporal"].says
    assert "not-the-one" not in str(found)


async def test_what_is_there_but_not_as_it_should_be(
    environment: pytest.MonkeyPatch, sqld_url: str, temporal_server: TemporalServer
) -> None:
    async with open_database(sqld_url) as database:
        await database.execute(f"CREATE TABLE audio_prep_jobs ({_COLUMNS})")
    environment.setenv("TURSO_DATABASE_URL", sqld_url)
    environment.setenv("TEMPORAL_ADDRESS", temporal_server.address)
    environment.setenv("TEMPORAL_NAMESPACE", "nowhere")
    environment.setattr("audioprep.checks.database.clock_skew", _skewed)
    for name, says in (("ffmpeg", "ffmpeg version 4.4.2"), ("ffprobe", "ffprobe"), ("yt-dlp", "2024.01.31")):
        _program(name, says)

    found = await _findings()

    assert "idx_jobs_claim" in found["database"].says
    assert "run `audioprep migrate`" in found["database"].says
    assert "90 s ahead" in found["clock"].says
    assert "no namespace nowhere: check TEMPORAL_NAMESPACE" in found["temporal"].says
    assert "upgrade it" in found["ffmpeg"].says
    assert "--upgrade 'yt-dlp[" in found["yt-dlp"].says
    assert "no JavaScript runtime" in found["javascript"].says
    assert {name for name, finding in found.items() if finding.warning} >= {"ffmpeg", "yt-dlp", "javascript"}
    assert found["storage"].ok


async def test_a_role_is_not_blamed_for_what_it_does_not_need(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("TEMPORAL_ADDRESS", f"127.0.0.1:{free_port()}")

    both = {"temporal", "settings"}
    database = {"database", "types", "bridges", "pauses", "retention", "clock", "queue"}
    assert set(await _findings("bridge")) == {*database, *both}
    worker = await _findings("worker")
    assert set(worker) == {"storage", "ffmpeg", "yt-dlp", "javascript", "cookies", "memory", *both}
    assert "install ffmpeg" in worker["ffmpeg"].says


async def test_a_copy_and_types_that_are_not_served_are_named(environment: pytest.MonkeyPatch, sqld_url: str) -> None:
    environment.setenv("TURSO_DATABASE_URL", sqld_url)
    async with open_database(sqld_url) as database:
        await JobStore(database).migrate()
        await identify(database, "libsql://production.example")
        await database.execute(
            "INSERT INTO audio_prep_jobs (jobId, type, createdAt, updatedAt) VALUES ('r', 'render', 'a', 'a')"
        )

    found = await _findings("bridge")

    assert found["database"].warning
    assert "first served at production.example" in found["database"].says
    assert found["types"].warning
    assert "render (1)" in found["types"].says


async def test_other_tables_on_the_queue_are_named(
    environment: pytest.MonkeyPatch, sqld_url: str, temporal_server: TemporalServer, temporal: Client
) -> None:
    queue = f"test-{uuid.uuid4()}"
    environment.setenv("TURSO_DATABASE_URL", sqld_url)
    environment.setenv("TEMPORAL_ADDRESS", temporal_server.address)
    environment.setenv("AUDIOPREP_TASK_QUEUE", queue)
    for home in ("mine", "theirs"):
        await temporal.start_workflow("any", id=f"{queue}-{home}", task_queue=queue, memo={"home": home})
    assert "no identity yet" in (await _findings("bridge"))["queue"].says
    async with open_database(sqld_url) as database:
        await database.execute("CREATE TABLE IF NOT EXISTS audio_prep_meta (name TEXT PRIMARY KEY, value TEXT)")
        await database.execute("INSERT OR REPLACE INTO audio_prep_meta VALUES ('tableId', 'mine')")

    async def warned() -> CheckResult | None:
        finding = (await _findings("bridge"))["queue"]
        return finding if finding.warning else None

    finding = await eventually(warned, what="the warning")

    assert finding.ok
    assert f"other tables run on task queue {queue} (theirs)" in finding.says
    assert "AUDIOPREP_TASK_QUEUE" in finding.says
