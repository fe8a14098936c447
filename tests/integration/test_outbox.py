"""The outbox of webhooks, on both transports: an end and its entry are one transaction."""

import json
from datetime import UTC, datetime

import pytest
from libsql_client import Client

from audioprep.bridge.database.errors import DatabaseError
from audioprep.bridge.database.pipeline_client import PipelineClient
from audioprep.bridge.store.outbox import Outbox, OutboxWriter, WebhookChoice
from audioprep.bridge.store.store import JobStore
from audioprep.jobs.errors import FailedResult
from audioprep.jobs.job import Job, NewJob
from audioprep.jobs.status import JobStatus

NOW = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
FACTS = FailedResult.of("Network", 3)
ALL = WebhookChoice(frozenset({"ingest", "preview", "edit", "save", "playlist"}))


def store_of(database: Client, choice: WebhookChoice = ALL) -> JobStore:
    return JobStore(database, outbox=OutboxWriter(choice))


async def claimed(store: JobStore, job_id: str = "job", kind: str = "ingest") -> Job:
    await store.insert(NewJob(job_id, kind, {"tenant": "acme"}, NOW))
    return (await store.poll(NOW, capacity=1, with_processing=False)).claimed[0]


async def events(database: Client) -> list[tuple[str, str]]:
    return sorted((entry.job_id, entry.event) for entry in await Outbox(database).entries())


async def test_each_end_is_entered_with_its_row(database: Client) -> None:
    store = store_of(database)
    for end in ("complete", "fail", "reap", "record", "acknowledge"):
        job = await claimed(store, end)
        match end:
            case "complete":
                assert await store.complete(end, '{"assetId": "a"}', NOW)
            case "fail":
                assert await store.fail(end, "why", FACTS, NOW)
            case "reap":
                assert await store.reap(job, "why", FACTS, NOW)
            case "record":
                assert await store.record_cancel(end, NOW)
            case _:
                assert await store.request_cancel(end, NOW)
                assert (end, "job.cancelled") not in await events(database)  # something may still run
                assert await store.acknowledge_cancel(end, NOW)

    assert await events(database) == [
        ("acknowledge", "job.cancelled"),
        ("complete", "job.complete"),
        ("fail", "job.failed"),
        ("reap", "job.failed"),
        ("record", "job.cancelled"),
    ]
    found = {entry.job_id: entry for entry in await Outbox(database).entries()}
    assert (found["complete"].tenant, found["complete"].result) == ("acme", '{"assetId": "a"}')
    assert (found["fail"].error, json.loads(found["fail"].result or "")["error"]["kind"]) == ("why", "Network")


async def test_the_loser_of_a_race_enters_nothing(database: Client) -> None:
    store = store_of(database)
    job = await claimed(store)
    assert await store.complete("job", "{}", NOW)
    await Outbox(database).remove(await Outbox(database).entries())

    outcomes = [
        await store.fail("job", "late", FACTS, NOW),
        await store.reap(job, "late", FACTS, NOW),
        await store.record_cancel("job", NOW),
        await store.acknowledge_cancel("job", NOW),
        await store.request_cancel("job", NOW),
    ]

    assert outcomes == [False] * 5
    assert await events(database) == []


async def test_an_end_that_cannot_be_entered_is_not_written(database: Client) -> None:
    store = store_of(database)
    await claimed(store)
    await database.execute("DROP TABLE audio_prep_outbox")

    with pytest.raises(DatabaseError):
        await store.complete("job", "{}", NOW)

    row = await store.get("job")
    assert row is not None
    assert row.status is JobStatus.PROCESSING


async def test_rows_that_a_claim_refuses_are_entered(database: Client) -> None:
    store = store_of(database)
    for job_id, size in (("good", 10), ("bad", 1_100_000)):
        await store.insert(NewJob(job_id, "ingest", {"x": "y" * size}, NOW))

    found = await store.poll(NOW, capacity=5, with_processing=False)

    assert [job.job_id for job in found.claimed] == ["good"]
    assert await events(database) == [("bad", "job.failed")]


async def test_rows_cancelled_while_they_wait_are_entered(database: Client) -> None:
    store = store_of(database)
    for job_id in ("one", "two", "three"):
        await store.insert(NewJob(job_id, "ingest", {}, NOW))

    await store.request_cancel("one", NOW)
    await store.cancel_pending("2026-01-31T12:00:00.000Z", NOW)

    assert await events(database) == [(job_id, "job.cancelled") for job_id in ("one", "three", "two")]


async def test_only_chosen_types_and_ends_are_entered(database: Client) -> None:
    store = store_of(database, WebhookChoice(frozenset({"save"}), frozenset({JobStatus.COMPLETE})))
    for job_id, kind in (("a", "save"), ("b", "save"), ("c", "ingest")):
        await claimed(store, job_id, kind)

    await store.complete("a", "{}", NOW)
    await store.fail("b", "why", FACTS, NOW)
    await store.complete("c", "{}", NOW)

    assert await events(database) == [("a", "job.complete")]


@pytest.mark.parametrize("metadata", ["no JSON", "[]", '{"tenant": 7}', "{}", '{"tenant": null}'])
async def test_metadata_of_any_kind_can_be_read(database: Client, metadata: str) -> None:
    store = store_of(database)
    await claimed(store)
    await database.execute("UPDATE audio_prep_jobs SET metadata = ?", [metadata])
    await store.fail("job", "why", FACTS, NOW)

    (found,) = await Outbox(database).entries()

    assert found.tenant is None


async def test_a_row_that_is_gone_still_has_its_event(database: Client) -> None:
    store = store_of(database)
    await claimed(store)
    await store.complete("job", "{}", NOW)
    await database.execute("DELETE FROM audio_prep_jobs")

    (found,) = await Outbox(database).entries()

    assert (found.job_id, found.type, found.event, found.result) == ("job", "ingest", "job.complete", None)


async def test_an_end_writes_two_rows_more_with_webhooks_and_none_without(sqld_url: str) -> None:
    written = {}
    async with PipelineClient(sqld_url) as database:
        await JobStore(database).migrate()
        for name, store in {"off": JobStore(database), "on": store_of(database)}.items():
            await claimed(store, name)
            before = database.rows.written
            await store.complete(name, "{}", NOW)
            await Outbox(database).remove(await Outbox(database).entries())
            written[name] = database.rows.written - before

    assert written["on"] - written["off"] == 2
