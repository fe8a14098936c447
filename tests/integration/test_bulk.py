"""Many rows at once: retries and cancels by filter, each row exactly once."""

import asyncio
import json
import signal
from datetime import UTC, datetime
from typing import Any

import pytest
from libsql_client import Client

from audioprep.bridge.database.database import open_database
from audioprep.bridge.database.errors import StatementRefused
from audioprep.bridge.store.bulk import BulkStore, RowFilter
from audioprep.jobs.status import JobStatus
from tests.support.deployment import Deployment
from tests.support.waiting import eventually

NOW = datetime(2026, 1, 31, tzinfo=UTC)
OLD = "2026-01-30T12:00:00.000Z"
SOURCE = '{"sourceType": "audio_file", "storageKey": "uploads/a.mp3"}'
_INSERT = (
    "INSERT INTO audio_prep_jobs (jobId, type, status, stage, metadata, result, createdAt, updatedAt)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
)


def _failed(kind: str) -> str:
    return json.dumps({"error": {"kind": kind, "retryable": True, "attempts": 3}})


# Columns of a row, and whether it can be retried.
ROWS = {
    "failed": (("failed", None, SOURCE, _failed("Storage")), True),
    "failed, by another program": (("failed", "downloading", SOURCE, None), True),
    "failed, with a result that is no object": (("failed", None, SOURCE, "[1]"), True),
    "failed, with a result that is no JSON": (("failed", None, SOURCE, "{"), True),
    "cancelled": (("cancelled", None, SOURCE, None), True),
    "cancelled, not acknowledged": (("cancelled", "queued", SOURCE, None), False),
    "retried already": (("failed", None, SOURCE, '{"retriedAs": "x"}'), False),
    "complete": (("complete", None, SOURCE, "{}"), False),
    "pending": (("pending", None, SOURCE, None), False),
    "metadata is no object": (("failed", None, "[]", None), False),
    "metadata is no JSON": (("failed", None, "{", None), False),
}


async def _insert(database: Client, rows: dict[str, tuple[str, str, str | None, str, str | None]]) -> None:
    """Rows by id: type, status, stage, metadata, result."""
    await database.batch([(_INSERT, (job_id, *columns, OLD, OLD)) for job_id, columns in rows.items()])


async def _row(database: Client, job_id: str) -> dict[str, Any]:
    query = "SELECT status, metadata, result, updatedAt FROM audio_prep_jobs WHERE jobId = ?"
    (row,) = (await database.execute(query, [job_id])).rows
    return dict(zip(("status", "metadata", "result", "updatedAt"), row.astuple(), strict=True))


async def test_each_row_is_retried_once_if_it_may_be(database: Client) -> None:
    await _insert(database, {name: ("ingest", *columns) for name, (columns, _) in ROWS.items()})
    store = BulkStore(database)

    first = {name: await store.retry(name, f"new {name}", NOW) for name in ROWS}
    second = {name: await store.retry(name, f"newer {name}", NOW) for name in ROWS}

    assert first == {name: may for name, (_, may) in ROWS.items()}
    assert not any(second.values())
    old, new = await _row(database, "failed"), await _row(database, "new failed")
    assert json.loads(old["result"]) == {**json.loads(_failed("Storage")), "retriedAs": "new failed"}
    assert (old["status"], old["updatedAt"]) == ("failed", OLD)
    assert (new["status"], json.loads(new["metadata"])) == ("pending", {**json.loads(SOURCE), "retryOf": "failed"})


async def test_a_retry_of_a_retry_names_the_first_job(database: Client) -> None:
    await _insert(database, {"first": ("ingest", "failed", None, SOURCE, None)})
    store = BulkStore(database)

    await store.retry("first", "second", NOW)
    await database.execute("UPDATE audio_prep_jobs SET status = 'failed' WHERE jobId = 'second'")
    await store.retry("second", "third", NOW)

    assert json.loads((await _row(database, "third"))["metadata"])["retryOf"] == "first"


async def test_rivals_retry_a_row_once(database: Client) -> None:
    await _insert(database, {"old": ("ingest", "failed", None, SOURCE, None)})
    store = BulkStore(database)

    won = await asyncio.gather(*(store.retry("old", f"new-{n}", NOW) for n in range(10)))

    assert sum(won) == 1
    (count,) = (await database.execute("SELECT count(*) FROM audio_prep_jobs")).rows
    assert count[0] == 2


async def test_a_row_that_the_table_refuses_leaves_the_old_one_as_it_was(database: Client) -> None:
    await _insert(database, {"old": ("ingest", "failed", None, SOURCE, None)})
    await database.execute(
        "CREATE UNIQUE INDEX one_storage_key ON audio_prep_jobs (json_extract(metadata, '$.storageKey'))"
    )

    with pytest.raises(StatementRefused, match="UNIQUE"):
        await BulkStore(database).retry("old", "new", NOW)

    assert (await _row(database, "old"))["result"] is None


async def test_a_filter_selects_by_type_status_kind_and_time(database: Client) -> None:
    await _insert(
        database,
        {
            "a": ("ingest", "failed", None, SOURCE, _failed("Storage")),
            "b": ("save", "failed", None, "{}", _failed("Storage")),
            "c": ("ingest", "failed", None, SOURCE, _failed("BotCheck")),
            "d": ("ingest", "cancelled", None, SOURCE, None),
            "e": ("transcode", "failed", None, "{}", _failed("Storage")),
        },
    )
    store, both, failed = BulkStore(database), frozenset({"ingest", "save"}), frozenset({JobStatus.FAILED})

    async def ids(wanted: RowFilter) -> list[str]:
        return [row.job_id for row in await store.select(wanted)]

    assert await ids(RowFilter(both, failed)) == ["a", "b", "c"]
    assert await ids(RowFilter(both, failed, frozenset({"Storage"}))) == ["a", "b"]
    assert await ids(RowFilter(frozenset({"ingest"}), failed | {JobStatus.CANCELLED})) == ["a", "c", "d"]
    assert await ids(RowFilter(both, failed, since=NOW)) == []


async def test_400_failed_rows_are_retried_by_filter_though_it_is_killed(deployment: Deployment) -> None:
    """Storage was away for an hour; among the rows are some that no retry can help."""
    await deployment.migrate()
    app = deployment.app
    async with open_database(deployment.database_url) as database:
        await _insert(
            database, {f"Storage-{n}": ("ingest", "failed", None, SOURCE, _failed("Storage")) for n in range(400)}
        )
        await _insert(
            database, {f"p-{n}": ("ingest", "failed", None, "{}", _failed("InvalidPayload")) for n in range(9)}
        )
    command = ("retry", "--status", "failed", "--limit", "10000")

    counted = await deployment.command(*command, "--dry-run")
    unasked = await deployment.command(*command)
    killed = await deployment.begin(*command, "--yes", "--per-minute", "600")
    await eventually(lambda: _pending(deployment, 20), what="some retries")
    killed.send_signal(signal.SIGKILL)
    await killed.communicate()
    some = await _pending(deployment, 1)
    rest = await deployment.command(*command, "--yes")
    again = await deployment.command(*command, "--yes")

    assert counted.code == 0, counted.err
    assert "400  ingest failed Storage\n" in counted.out
    assert "9  ingest failed InvalidPayload (left out: needs a change first)" in counted.out
    assert (unasked.code, "This would retry 400 jobs: add --yes." in unasked.err) == (2, True)
    assert 20 <= some < 400
    assert f"{400 - some} of {400 - some} jobs retried." in rest.out
    assert "No job fits that was not retried already." in again.out
    rows = await app.sql(
        "SELECT json_extract(metadata, '$.retryOf') AS old FROM audio_prep_jobs WHERE status = 'pending'"
    )
    assert sorted(row["old"] for row in rows) == sorted(f"Storage-{n}" for n in range(400))
    links = "SELECT count(*) AS n FROM audio_prep_jobs o JOIN audio_prep_jobs n ON n.jobId = o.result ->> '$.retriedAs'"
    assert (await app.sql(links))[0]["n"] == 400

    waiting = await deployment.command("cancel", "--type", "ingest", "--limit", "150", "--dry-run")
    cancelled = await deployment.command("cancel", "--type", "ingest", "--limit", "150", "--yes", "--json")

    assert "150  ingest pending" in waiting.out
    assert len(json.loads(cancelled.out)["cancelled"]) == 150
    assert await _pending(deployment, 1) == 250


REFUSED = {
    ("retry",): "Name a job, or a filter",
    ("retry", "x", "--status", "failed"): "Name a job, or a filter",
    ("retry", "--kind", "Weather"): "There is no kind of error 'Weather'",
    ("retry", "--type", "transcode"): "The type 'transcode' is not served here",
    ("retry", "--since", "yesterday"): "is not a time",
    ("cancel", "--type", "save", "--all-pending"): "Name the jobs, a filter",
}


async def test_a_filter_that_cannot_be_is_refused(deployment: Deployment) -> None:
    for arguments, says in REFUSED.items():
        ended = await deployment.command(*arguments)

        assert (ended.code, says in ended.err) == (2, True), ended.err


async def _pending(deployment: Deployment, least: int) -> int:
    """Rows that wait; 0 while they are fewer than `least`."""
    rows = await deployment.app.sql("SELECT count(*) AS n FROM audio_prep_jobs WHERE status = 'pending'")
    return int(rows[0]["n"]) if rows[0]["n"] >= least else 0
