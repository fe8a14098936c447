"""Claims in turn between tenants, the newest of several requests, and one active row for a key; on both transports."""

import asyncio
import json
import tempfile
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from libsql_client import Client

from audioprep.bridge.database.database import open_database
from audioprep.bridge.database.errors import StatementRefused
from audioprep.bridge.database.pipeline_client import PipelineClient
from audioprep.bridge.store.queue.poll import Fairness, Poll
from audioprep.bridge.store.store import JobStore
from audioprep.jobs.job import NewJob
from audioprep.jobs.registry import JOB_TYPES

START = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)


class Queue:
    """A jobs table whose rows are named by their tenant or key."""

    def __init__(self, database: Client, fairness: Fairness | None = None) -> None:
        self.database = database
        self.store = JobStore(database, fairness=fairness)
        self._made = 0

    async def ask(self, *names: str, job_type: str = "ingest", **metadata: Any) -> list[str]:
        """A row for each tenant in turn, a second apart; an empty one has none."""
        ids = []
        for name in names:
            self._made += 1
            ids.append(f"{name or '-'}{self._made}")
            tenant = {"tenant": name} if name else {}
            made = START + timedelta(seconds=self._made)
            await self.store.insert(NewJob(ids[-1], job_type, {**tenant, **metadata}, made))
        return ids

    async def flood(self, tenant: str, count: int) -> None:
        await self.database.execute(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)"
            " INSERT INTO audio_prep_jobs (jobId, type, metadata, createdAt, updatedAt)"
            " SELECT ? || i, 'ingest', ?, printf('2026-01-30T00:%05d', i), '' FROM n",
            [count, f"{tenant}-", json.dumps({"tenant": tenant})],
        )

    async def poll(self, capacity: int, *, sweep: bool = False) -> Poll:
        return await self.store.poll(START, capacity=capacity, with_processing=sweep)

    async def claim(self, capacity: int) -> list[str]:
        """The ids claimed, without their numbers."""
        return sorted(job.job_id.rstrip("0123456789-") or "-" for job in (await self.poll(capacity)).claimed)

    async def states(self) -> dict[str, str]:
        rows = (await self.database.execute("SELECT jobId, status FROM audio_prep_jobs")).rows
        return {str(row[0]): str(row[1]) for row in rows}


@pytest.fixture(params=["file", "pipeline"])
async def queue(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Queue]:
    url = f"file:{tmp_path / 'jobs.db'}" if request.param == "file" else request.getfixturevalue("sqld_url")
    async with open_database(url) as database:
        await JobStore(database).migrate()
        yield Queue(database)


async def test_a_flood_does_not_hold_up_another_tenant(queue: Queue) -> None:
    await queue.flood("A", 1000)
    await queue.ask("B")

    first = await queue.claim(4)

    assert first == ["A", "A", "A", "B"]
    await queue.ask("C", "")
    assert await queue.claim(2) == ["-", "C"], "who has none in flight goes first, a row without a tenant too"


async def test_tenants_are_served_in_turn(queue: Queue) -> None:
    await queue.ask(*"AAAAAA", *"BBBB", *"CC")

    rounds = [await queue.claim(3) for _ in range(4)]

    assert rounds == [list("ABC"), list("ABC"), list("AAB"), list("AAB")]


async def test_rows_without_tenants_are_claimed_as_ever(queue: Queue) -> None:
    ids = await queue.ask("", "", "", "")

    poll = await queue.poll(3)

    assert sorted(job.job_id for job in poll.claimed) == ids[:3]
    made = (await queue.database.execute("SELECT name FROM sqlite_master WHERE name = 'idx_jobs_untenanted'")).rows
    assert not made, "its index is for tables with tenants"


async def test_a_cap_holds_for_a_tenant_and_for_rivals(queue: Queue) -> None:
    queue.store = JobStore(queue.database, fairness=Fairness(max_per_tenant=2))
    rivals = [JobStore(queue.database, fairness=Fairness(max_per_tenant=2)) for _ in range(4)]
    await queue.ask(*"AAAAAAAA", *"BBB")

    polls = await asyncio.gather(*(rival.poll(START, capacity=5, with_processing=False) for rival in rivals))
    late = await queue.poll(5)

    claimed = [job.job_id[0] for poll in polls for job in poll.claimed]
    assert sorted(claimed) == list("AABB")
    assert (late.claimed, late.waiting, late.more) == ([], False, False), "rows over the cap are no one's fault"
    await queue.store.complete(next(job.job_id for poll in polls for job in poll.claimed), "{}", START)
    assert len((await queue.poll(5)).claimed) == 1


async def test_of_many_tenants_each_has_its_turn(queue: Queue) -> None:
    queue.store = JobStore(queue.database, fairness=Fairness(window=10))
    names = [f"{chr(97 + number // 26)}{chr(97 + number % 26)}" for number in range(40)]
    await queue.ask(*names, *names)

    served = [await queue.claim(5) for _ in range(12)]

    assert {name for names in served for name in names} == set(names)


async def test_metadata_of_any_kind_can_be_inserted_and_claimed(queue: Queue) -> None:
    odd = ["{", '{"tenant": 5}', '{"tenant": null}', "[]", '"a"', '{"tenant": "\\ud800"}', "[" * 5000]
    await queue.ask("A")
    for number, text in enumerate(odd):
        await queue.database.execute(
            "INSERT INTO audio_prep_jobs (jobId, type, metadata, createdAt, updatedAt) VALUES (?, 'ingest', ?, ?, '')",
            [f"odd{number}", text, f"2026-02-01T00:00:{number:02}.000Z"],
        )

    claimed = [*(await queue.poll(9)).claimed, *(await queue.poll(9)).claimed]

    assert len(claimed) == len(odd) + 1


async def test_the_newest_row_of_a_key_takes_the_place_of_the_others(queue: Queue) -> None:
    (running,) = await queue.ask("A", supersedes="clip")
    await queue.poll(1)
    older = await queue.ask("A", "A", "A", supersedes="clip")
    others = [
        *await queue.ask("B", supersedes="clip"),
        *await queue.ask("A", supersedes="another"),
        *await queue.ask(""),
    ]

    poll = await queue.poll(0)

    assert {job.job_id: (job.status.value, job.stage) for job in poll.superseded} == {
        running: ("cancelled", "queued"),
        older[0]: ("cancelled", None),
        older[1]: ("cancelled", None),
    }
    states = await queue.states()
    assert {states[name] for name in [older[2], *others]} == {"pending"}
    for job_id in (running, older[0]):
        job = await queue.store.get(job_id)
        assert job is not None
        assert job.error == "A newer request took the place of this one."
        assert json.loads(job.result or "")["error"] == {"kind": "Superseded", "retryable": False, "attempts": 0}
    assert (await queue.poll(0)).superseded == []


async def test_a_sweep_finds_what_a_poll_has_missed(queue: Queue) -> None:
    (old,) = await queue.ask("A", supersedes="clip")
    (gone,) = await queue.ask("A", supersedes="another")
    await queue.poll(0)
    await queue.database.execute("DELETE FROM audio_prep_jobs WHERE jobId = ?", [gone])
    await queue.ask("A", supersedes="clip")  # it has the rowid of the one that is gone

    assert (await queue.poll(0)).superseded == []
    assert [job.job_id for job in (await queue.poll(0, sweep=True)).superseded] == [old]


async def test_a_type_that_is_not_served_is_superseded_by_none(queue: Queue) -> None:
    (foreign,) = await queue.ask("A", job_type="save", supersedes="clip")
    await queue.ask("A", supersedes="clip")
    queue.store = JobStore(queue.database, types=["ingest"])

    assert (await queue.poll(0)).superseded == []
    assert (await queue.states())[foreign] == "pending"


async def test_one_row_of_a_key_is_active_at_a_time(queue: Queue) -> None:
    (first,) = await queue.ask("A", uniqueKey="import")
    await queue.ask("A", job_type="save", uniqueKey="import")
    await queue.ask("B", uniqueKey="import")

    with pytest.raises(StatementRefused, match="has the same uniqueKey"):
        await queue.ask("A", uniqueKey="import")
    doubled = await queue.database.execute(
        "INSERT INTO audio_prep_jobs (jobId, type, metadata, createdAt, updatedAt)"
        """ VALUES ('z', 'ingest', '{"tenant":"A","uniqueKey":"import"}', '', '') ON CONFLICT DO NOTHING"""
    )
    assert doubled.rows_affected == 0
    await queue.store.request_cancel(first, START)
    await queue.ask("A", uniqueKey="import")


async def test_rows_that_share_a_key_already_do_not_stop_a_migration(queue: Queue) -> None:
    await queue.database.execute("DROP INDEX idx_jobs_unique")
    await queue.ask("", "", uniqueKey="import")

    await queue.store.migrate()

    assert await queue.store.missing() == ["idx_jobs_unique"]


async def test_a_fair_claim_reads_by_tenants_not_by_rows(sqld_url: str) -> None:
    async with PipelineClient(sqld_url) as database:
        await JobStore(database).migrate()
        queue = Queue(database)
        before = database.rows.read
        await queue.poll(4)
        assert database.rows.read == before, "a table without tenants pays nothing"
        await queue.flood("A", 5000)
        await queue.ask("B", "C")
        await queue.poll(1)
        before = database.rows.read

        await queue.poll(4)

        assert database.rows.read - before <= 200


TENANTS = st.sampled_from(["", "A", "B", "C"])


@settings(max_examples=20, deadline=None)
@given(
    st.lists(st.tuples(TENANTS, st.sampled_from(["ingest", "save"])), max_size=12),
    st.integers(1, 6),
    st.sampled_from([None, 1, 2]),
)
def test_a_claim_is_the_fair_share_by_a_model(rows: list[tuple[str, str]], capacity: int, cap: int | None) -> None:
    """Against dealing by hand: the next row is the oldest of a tenant that has the fewest in flight."""

    async def play() -> None:
        async with open_database(f"file:{folder}/jobs.db") as database:
            queue = Queue(database, Fairness(max_per_tenant=cap))
            await queue.store.migrate()
            waiting = [(name, (await queue.ask(name, job_type=kind))[0]) for name, kind in rows]
            if not any(name for name, _ in waiting):
                return
            tenants, held = {job_id: name for name, job_id in waiting}, dict.fromkeys(["", "A", "B", "C"], 0)
            left = {name: [job_id for other, job_id in waiting if other == name] for name in held}
            while more := (await queue.poll(capacity)).claimed:
                for job in sorted(more, key=lambda job: job.created_at):
                    name = tenants[job.job_id]
                    assert left[name].pop(0) == job.job_id, "first in, first out within a tenant"
                    held[name] += 1
                most = max(held[tenants[job.job_id]] for job in more)
                assert all(held[name] >= most - 1 for name in held if left[name] and held[name] != cap)
            assert all(held[name] == cap for name in held if name and left[name])

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(play())


def test_every_type_has_the_words_of_all() -> None:
    for kind in JOB_TYPES:
        fields = kind.payload.model_json_schema()["properties"]  # type: ignore[attr-defined]
        assert {"priority", "tenant", "supersedes", "uniqueKey"} <= set(fields)
