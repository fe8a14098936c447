"""Retention: which rows go, which stay, and what a pass reads."""

import asyncio
import json
from datetime import UTC, datetime, timedelta

import pytest
from libsql_client import Client

from audioprep.bridge.database.database import open_database
from audioprep.bridge.database.pipeline_client import PipelineClient
from audioprep.bridge.metrics import Metrics
from audioprep.bridge.services.pruner import Pruner
from audioprep.bridge.store.retention import PAGE, Ended, KeepRules, RetentionStore
from audioprep.bridge.store.store import JobStore
from audioprep.jobs.status import JobStatus
from tests.support.deployment import Deployment
from tests.support.processes import Program
from tests.support.waiting import eventually

CUT = datetime(2026, 1, 31, tzinfo=UTC)
OLD, NEW = "2026-01-30T23:59:59.999Z", "2026-01-31T00:00:00.000Z"
_INSERT = "INSERT INTO audio_prep_jobs (jobId, type, status, stage, createdAt, updatedAt) VALUES (?, ?, ?, ?, ?, ?)"
# What a row is, and whether it goes when all that ended before CUT may.
ROWS = {
    "complete and old": (("ingest", "complete", "finalizing", OLD, OLD), True),
    "failed and old": (("ingest", "failed", None, OLD, OLD), True),
    "an acknowledged cancel": (("ingest", "cancelled", None, OLD, OLD), True),
    "an alias": (("edit", "complete", None, OLD, OLD), True),
    "a time without zone": (("ingest", "complete", None, "2026-01-30 10:00:00", "2026-01-30 10:00:00"), True),
    "ended at the moment": (("ingest", "complete", None, OLD, NEW), False),
    "ended the same day, by another form of time": (("ingest", "complete", None, OLD, "2026-01-31 10:00:00"), False),
    "a cancel not acknowledged": (("ingest", "cancelled", "queued", OLD, OLD), False),
    "pending": (("ingest", "pending", None, OLD, OLD), False),
    "processing": (("ingest", "processing", "analyzing", OLD, OLD), False),
    "another program's type": (("transcode", "complete", None, OLD, OLD), False),
    "another program's status": (("ingest", "done", None, OLD, OLD), False),
    "a time in milliseconds": (("ingest", "complete", None, "1700000000000", "1700000000000"), False),
    "a time that is none": (("ingest", "complete", None, OLD, "0000 whenever"), False),
}


async def _insert(database: Client, rows: dict[str, tuple[str, str, str | None, str, str]]) -> None:
    await database.batch([(_INSERT, (job_id, *columns)) for job_id, columns in rows.items()])


async def _ids(database: Client) -> set[str]:
    return {str(row[0]) for row in (await database.execute("SELECT jobId FROM audio_prep_jobs")).rows}


def _pruner(database: Client, metrics: Metrics | None = None) -> Pruner:
    """All that ended a second ago or earlier, whatever the status: every row above is years older than its test."""
    keep = KeepRules(dict.fromkeys((JobStatus.COMPLETE, JobStatus.FAILED, JobStatus.CANCELLED), timedelta(seconds=1)))
    return Pruner(JobStore(database), RetentionStore(database), keep, metrics or Metrics())


async def _round(pruner: Pruner) -> int:
    """Passes until nothing is left to read."""
    passes = 1
    await pruner.run_once()
    while pruner.interval() < 60:
        await pruner.run_once()
        passes += 1
    return passes


async def test_only_old_ends_of_types_served_are_deleted(database: Client) -> None:
    await _insert(database, {name: columns for name, (columns, _) in ROWS.items()})
    store = RetentionStore(database)

    for status in (JobStatus.COMPLETE, JobStatus.FAILED, JobStatus.CANCELLED):
        for kind in JobStore(database).types:
            await store.delete_page(Ended(status, kind, CUT))

    assert set(ROWS) - await _ids(database) == {name for name, (_, goes) in ROWS.items() if goes}


async def test_rows_that_stay_hold_up_no_others(database: Client) -> None:
    """More than a page of rows that were made long ago and ended just now, in front of one that may go."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    made = "2026-01-30T00:00:00.000Z"
    future = now.replace("2026", "2999", 1)
    await _insert(database, {f"stays-{n}": ("ingest", "complete", None, made, future) for n in range(PAGE + 10)})
    await _insert(database, {"goes": ("ingest", "complete", None, OLD, OLD)})

    passes = await _round(_pruner(database))

    assert passes == 2
    assert "goes" not in await _ids(database)
    assert len(await _ids(database)) == PAGE + 10


async def test_a_pass_reads_a_bounded_number_of_rows(sqld_url: str) -> None:
    async with PipelineClient(sqld_url) as database:
        await JobStore(database).migrate()
        for status in ("complete", "failed"):
            await _insert(database, {f"{status}-{n}": ("ingest", status, None, OLD, OLD) for n in range(2 * PAGE)})
        metrics = Metrics()
        pruner = _pruner(database, metrics)
        read = []

        while not read or pruner.interval() < 60:
            before = database.rows.read
            await pruner.run_once()
            read.append(database.rows.read - before)
        before = database.rows.read
        await pruner.run_once()
        idle = database.rows.read - before

        assert await _ids(database) == set()
        assert max(read) <= 6 * PAGE
        # An empty search counts as one row.
        assert idle <= 3 * len(JobStore(database).types)
        for status in ("complete", "failed"):
            assert f'audioprep_pruned_rows_total{{status="{status}"}} {2 * PAGE}.0' in metrics.text().decode()


async def test_two_bridges_at_once_delete_each_row_once(database: Client) -> None:
    await _insert(database, {f"row-{n}": ("save", "failed", None, OLD, OLD) for n in range(PAGE + 100)})
    store = RetentionStore(database)

    pages = await asyncio.gather(*(store.delete_page(Ended(JobStatus.FAILED, "save", CUT)) for _ in range(4)))
    pages.append(await store.delete_page(Ended(JobStatus.FAILED, "save", CUT)))

    assert sum(page.deleted for page in pages) == PAGE + 100
    assert await _ids(database) == set()


async def test_what_has_not_ended_cannot_be_asked_for() -> None:
    with pytest.raises(ValueError, match="processing have not ended"):
        Ended(JobStatus.PROCESSING, "ingest", CUT)


async def test_prune_counts_first_and_deletes_when_told_to(deployment: Deployment) -> None:
    await deployment.migrate()
    async with open_database(deployment.database_url) as database:
        await _insert(database, {name: columns for name, (columns, _) in ROWS.items()})
        cut = ("--before", "2026-01-31")

        counted = await deployment.command("prune", *cut, "--dry-run", "--json")
        unasked = await deployment.command("prune", *cut)
        unfinished = await deployment.command("prune", *cut, "--status", "processing")
        without = await deployment.command("prune")
        untouched = await _ids(database)
        failed = await deployment.command("prune", *cut, "--status", "failed", "--yes")
        pruned = await deployment.command("prune", *cut, "--yes")

        gone = {name for name, (_, goes) in ROWS.items() if goes}
        counts = {(each["type"], each["status"]): each["count"] for each in json.loads(counted.out)["rows"]}
        assert counts == {
            ("ingest", "complete"): 2,
            ("ingest", "failed"): 1,
            ("ingest", "cancelled"): 1,
            ("edit", "complete"): 1,
        }
        assert (unasked.code, "This would delete 5 rows: add --yes." in unasked.err) == (2, True)
        assert (unfinished.code, "have not ended" in unfinished.err) == (2, True)
        assert (without.code, "--before" in without.err) == (2, True)
        assert untouched == set(ROWS)
        assert (failed.code, "1 row deleted." in failed.out) == (0, True), failed.err
        assert (pruned.code, "4 rows deleted." in pruned.out) == (0, True), pruned.err
        assert await _ids(database) == set(ROWS) - gone


async def test_a_bridge_deletes_by_its_settings_and_check_advises(deployment: Deployment) -> None:
    await deployment.migrate()
    async with open_database(deployment.database_url) as database:
        await _insert(database, {"old": ("ingest", "complete", None, OLD, OLD)})
        await _insert(database, {"failed": ("ingest", "failed", None, OLD, OLD)})
        await database.execute(
            "INSERT INTO audio_prep_jobs (rowid, jobId, type, status, createdAt, updatedAt)"
            " VALUES (150000, 'last', 'ingest', 'failed', ?, ?)",
            [OLD, OLD],
        )
        advised = json.loads((await deployment.command("check", "--json")).out)["findings"]
        deployment.extra["AUDIOPREP_KEEP_COMPLETE"] = "30d"

        bridge = deployment.start("bridge")
        await eventually(lambda: _said(bridge, "rows_pruned"), what="a round of deletions")

        advice = next(finding for finding in advised if finding["subject"] == "retention")
        assert (advice["ok"], advice["warning"]) == (True, True)
        assert "AUDIOPREP_KEEP_COMPLETE=30d" in advice["says"]
        assert await _ids(database) == {"failed", "last"}


async def _said(program: Program, event: str) -> bool:
    return event in program.said()
