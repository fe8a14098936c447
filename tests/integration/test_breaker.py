"""Breaker of a source on both transports: two bridges, one row that tries, and what it costs."""

from datetime import UTC, datetime, timedelta

import pytest
from libsql_client import Client

from audioprep.bridge.actions import Fail
from audioprep.bridge.database.pipeline_client import PipelineClient
from audioprep.bridge.metrics import Metrics
from audioprep.bridge.services.breaker import SourceBreaker
from audioprep.bridge.store.queue.circuit import BreakerRules
from audioprep.bridge.store.queue.pauses import Pause, PauseTable
from audioprep.bridge.store.store import JobStore
from audioprep.jobs.errors import ErrorKind, FailedResult
from audioprep.jobs.job import Job, NewJob
from audioprep.jobs.timestamps import to_text

NOW = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
RULES = BreakerRules(refusals=3, window=10 * MINUTE, pause=30 * MINUTE, longest=90 * MINUTE)
YOUTUBE = "source:youtube"


class OneBridge:
    """As much of a bridge as the breaker has to do with."""

    def __init__(self, database: Client, rules: BreakerRules | None = RULES) -> None:
        self.store = JobStore(database, breaker=rules)
        self.metrics = Metrics()
        table = self.store.breaker
        self.breaker = SourceBreaker(table, self.store, self.metrics) if table else None

    async def poll(self, now: datetime) -> set[str]:
        """What the claimer does, with all the time that a bridge takes between two looks left out."""
        trials: list[Job] = []
        if self.breaker:
            self.breaker._next_look.clear()
            trials = await self.breaker.run(now, lambda: 1)
        found = await self.store.poll(now, capacity=9, with_processing=False)
        if self.breaker:
            self.breaker.note_poll(found)
        return {job.job_id for job in (*trials, *found.claimed)}

    async def fail(self, job_id: str, kind: ErrorKind, now: datetime) -> None:
        await self.store.fail(job_id, "no", FailedResult.of(kind, 1), now)
        if self.breaker:
            self.breaker.note_end(Fail("no", kind, None, 1))


async def insert(bridge: OneBridge, *names: str, source: str = "youtube") -> None:
    for name in names:
        made = NOW + timedelta(seconds=int("".join(filter(str.isdigit, name)) or 0))
        await bridge.store.insert(NewJob(name, "ingest", {"sourceType": source}, made))


async def refuse(bridge: OneBridge, *names: str, now: datetime = NOW) -> None:
    await insert(bridge, *names)
    assert await bridge.poll(now) == set(names)
    for name in names:
        await bridge.fail(name, ErrorKind.BOT_CHECK, now)


async def pauses(database: Client, now: datetime) -> list[Pause]:
    return await PauseTable(database).read(now)


async def test_refusals_pause_then_one_row_tries(database: Client) -> None:
    here, there = OneBridge(database), OneBridge(database)
    await refuse(here, "r1", "r2")
    await here.poll(NOW)
    before = await pauses(database, NOW)
    await refuse(there, "r3")
    await there.poll(NOW)
    await insert(here, "w4", "w5")
    await insert(here, "u6", source="url")
    end = NOW + RULES.pause

    held = [await here.poll(NOW), await there.poll(NOW), await here.poll(end - MINUTE)]
    (pause,) = await pauses(database, NOW)
    tries = [await bridge.poll(end) for bridge in (here, there, here, there)]
    (while_it_tries,) = await pauses(database, end)
    await there.store.complete("w4", "{}", end)
    after = [await bridge.poll(end + MINUTE) for bridge in (here, there)]

    assert before == []
    assert held == [{"u6"}, set(), set()]
    assert pause.sentence == (
        "source:youtube paused until 2026-01-31 12:30 UTC by bridge (automatic): the site refused 3 jobs within 600 s"
    )
    assert tries == [{"w4"}, set(), set(), set()]
    assert while_it_tries.sentence.startswith("source:youtube paused until one of its rows succeeds, by bridge")
    assert (after, await pauses(database, end + MINUTE)) == ([{"w5"}, set()], [])
    assert b'audioprep_source_breaker_total{event="opened",source="youtube"} 1.0' in there.metrics.text()
    assert b'audioprep_source_breaker_total{event="lifted",source="youtube"} 1.0' in here.metrics.text()


async def test_a_refused_row_doubles_the_pause(database: Client) -> None:
    bridge, other = OneBridge(database), OneBridge(database)
    await refuse(bridge, "r1", "r2", "r3")
    await insert(bridge, *(f"w{number}" for number in range(4, 9)))
    await bridge.poll(NOW)
    now, lengths = NOW, []
    for number in range(4, 8):
        (pause,) = await pauses(database, now)
        lengths.append((datetime.fromisoformat(pause.until) - now) // MINUTE)
        now = datetime.fromisoformat(pause.until)
        await bridge.poll(now - MINUTE)

        assert await bridge.poll(now) | await other.poll(now) == {f"w{number}"}
        await bridge.fail(f"w{number}", ErrorKind.SITE_LIMIT, now)
        assert await other.poll(now) | await bridge.poll(now) == set()

    assert lengths == [30, 60, 90, 90]


@pytest.mark.parametrize("end", ["another failure", "cancelled", "deleted"])
async def test_a_trial_that_says_nothing_passes_it_on(database: Client, end: str) -> None:
    bridge = OneBridge(database)
    await refuse(bridge, "r1", "r2", "r3")
    await insert(bridge, "w4", "w5")
    now = NOW + RULES.pause
    await bridge.poll(NOW)
    assert await bridge.poll(now) == {"w4"}

    match end:
        case "cancelled":
            await bridge.store.request_cancel("w4", now)
        case "deleted":
            await database.execute("DELETE FROM audio_prep_jobs WHERE jobId = 'w4'")
        case _:
            await bridge.fail("w4", ErrorKind.SOURCE_MISSING, now)

    assert [await bridge.poll(now), await bridge.poll(now)] == [set(), {"w5"}]


async def test_what_does_not_open_it(database: Client) -> None:
    bridge = OneBridge(database)
    await refuse(bridge, "old1", "old2", now=NOW - 11 * MINUTE)
    await refuse(bridge, "r3", "r4")
    await insert(bridge, "m5", "m6")
    await bridge.poll(NOW)
    for name in ("m5", "m6"):
        await bridge.fail(name, ErrorKind.SOURCE_MISSING, NOW)
    await insert(bridge, "u7", "u8", "u9", source="url")
    await bridge.poll(NOW)
    for name in ("u7", "u8", "u9"):
        await bridge.fail(name, ErrorKind.BOT_CHECK, NOW)
    await bridge.poll(NOW)

    assert await pauses(database, NOW) == []


async def test_an_operators_pause_stays_and_a_resume_forgives(database: Client) -> None:
    bridge, table = OneBridge(database), PauseTable(database)
    await refuse(bridge, "r1", "r2", "r3")
    await table.add(Pause(YOUTUBE, to_text(NOW + MINUTE), "mine", "me@host", to_text(NOW)))
    await bridge.poll(NOW)
    assert [pause.reason for pause in await pauses(database, NOW)] == ["mine"]
    assert await pauses(database, NOW + MINUTE) == []

    await refuse(bridge, "r4", now=NOW + MINUTE)
    await bridge.poll(NOW + MINUTE)
    assert [pause.made_by for pause in await pauses(database, NOW + MINUTE)] == ["bridge (automatic)"]
    await insert(bridge, "w5")
    await bridge.poll(NOW + 31 * MINUTE)
    assert await bridge.poll(NOW + 31 * MINUTE) == {"w5"}
    await bridge.store.complete("w5", "{}", NOW + 31 * MINUTE)
    assert await table.end([YOUTUBE]) == [YOUTUBE]

    assert await pauses(database, NOW + 31 * MINUTE) == []


async def test_without_a_breaker_a_pause_of_one_is_over(database: Client) -> None:
    bridge, other = OneBridge(database), OneBridge(database, None)
    await refuse(bridge, "r1", "r2", "r3")
    await bridge.poll(NOW)
    await insert(bridge, "w4")

    held, freed = await other.poll(NOW), await other.poll(NOW + RULES.pause)

    assert (held, freed, await pauses(database, NOW + RULES.pause)) == (set(), {"w4"}, [])


async def test_it_costs_nothing_until_a_site_refuses(sqld_url: str) -> None:
    async with PipelineClient(sqld_url) as database:
        await JobStore(database).migrate()
        bridge = OneBridge(database)

        async def cost(now: datetime = NOW) -> tuple[int, int]:
            read, written = database.rows.read, database.rows.written
            await bridge.poll(now)
            return database.rows.read - read, database.rows.written - written

        idle = await cost()
        await insert(bridge, *(f"u{number}" for number in range(9)), source="url")
        for name in await bridge.poll(NOW):
            await bridge.store.complete(name, "{}", NOW)
        done = await cost()
        await bridge.poll(NOW)
        await refuse(bridge, "r1", "r2", "r3")
        opening, paused = await cost(), await cost()

        assert (idle, done) == ((0, 0), (0, 0))
        assert opening[0] <= 60
        assert paused[0] <= 2
        assert paused[1] == 0
