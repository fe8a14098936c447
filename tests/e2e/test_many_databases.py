"""One bridge for many databases: each is served, wakes, backs off, comes and goes by itself."""

import asyncio
import sys
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import Client

from audioprep.bridge.fleet.databases import Shard
from audioprep.bridge.fleet.fleet import Fleet
from audioprep.bridge.fleet.source import DatabaseSource
from audioprep.bridge.options import BridgeOptions
from tests.support.carried import CARRIED, carriers
from tests.support.namespaces import Namespaces, namespaces
from tests.support.serving import ROUTED
from tests.support.waiting import eventually
from tests.support.webapp import WebApp

NAMES = ("a", "b", "c")


@dataclass
class Many:
    """Databases with a list of them, and a bridge that serves it."""

    databases: Namespaces
    list: Path
    fleet: Fleet | None = None

    def app(self, name: str) -> WebApp:
        return WebApp(self.databases.url(name))

    def write(self, *names: str, more: str = "") -> None:
        lines = [f"{self.databases.url(name)} name={name} token=of-{name}" for name in names]
        self.list.write_text("\n".join(["# tenants", *lines, more]))


@pytest.fixture
async def many(tmp_path: Path) -> AsyncIterator[Many]:
    async with namespaces(tmp_path) as found:
        await found.create(NAMES)
        many = Many(found, tmp_path / "databases.txt")
        many.write(*NAMES)
        yield many


@asynccontextmanager
async def serving(many: Many, temporal: Client, shard: Shard | None = None, **options: Any) -> AsyncIterator[Fleet]:
    queue = f"test-{uuid.uuid4()}"
    quick: dict[str, Any] = {
        "busy_interval": 0.1,
        "idle_max": 0.4,
        "sweep_interval": 0.5,
        "redrive_after": 0.5,
        "orphans_interval": 0.3,
        "orphans_patience": 0.3,
        "routes": {ROUTED: CARRIED},
    }
    chosen = BridgeOptions(task_queue=queue, **{**quick, **options})
    fleet = many.fleet = Fleet(DatabaseSource(many.list, ""), temporal, chosen, shard)
    running = asyncio.create_task(fleet.run())
    try:
        async with carriers(temporal.service_client.config.target_host, queue):
            yield fleet
    finally:
        fleet.stop()
        await asyncio.wait_for(running, 30)


async def _served(fleet: Fleet, *names: str) -> None:
    async def check() -> bool:
        return {one.entry.name for one in fleet.served() if one.table is not None} == set(names)

    await eventually(check, within=30, what=f"databases {names} are served")


async def test_each_database_is_served_and_they_come_and_go(many: Many, temporal: Client) -> None:
    many.write("a", "b", more="https://x y=z")
    async with serving(many, temporal) as fleet:
        await _served(fleet, "a", "b")
        jobs = {name: await many.app(name).submit(ROUTED, {}, job_id="the same") for name in "ab"}
        ends = [await many.app(name).finished(job_id) for name, job_id in jobs.items()]
        many.write("b", "c")
        await _served(fleet, "b", "c")
        late = await many.app("c").submit(ROUTED, {})
        ends.append(await many.app("c").finished(late))
        left = await many.app("a").submit(ROUTED, {})

        assert {row["status"] for row in ends} == {"complete"}
        text = (await fleet.metrics()).decode()
        assert "audioprep_databases 2.0" in text
        assert 'audioprep_jobs_ended_total{kind="",outcome="complete",type="carried"} 3.0' in text
        assert (await many.app("a").row(left))["status"] == "pending"
    assert len({await many.app(name).table_id() for name in NAMES}) == 3


async def test_an_idle_database_is_polled_seldom_and_wakes(many: Many, temporal: Client) -> None:
    async with serving(many, temporal, busy_interval=0.1, idle_max=60.0) as fleet:
        await _served(fleet, *NAMES)
        await eventually(lambda: _is_quiet(many), within=30, what="all idle")

        job = await many.app("a").submit(ROUTED, {})
        assert fleet.wake("a")
        row = await many.app("a").finished(job, within=5)

        assert row["status"] == "complete"
        assert not fleet.wake("nobody")
        assert not fleet.wake()


async def _is_quiet(many: Many) -> bool:
    """Whether no poll comes for longer than it takes at first."""
    before = many.databases.requests.total()
    await asyncio.sleep(1.5)
    return many.databases.requests.total() == before


async def test_a_database_that_is_away_holds_up_no_other(many: Many, temporal: Client) -> None:
    many.databases.refused.add("b")
    many.databases.frozen.add("c")
    async with serving(many, temporal) as fleet:
        await _served(fleet, "a")

        for _ in range(3):
            job = await many.app("a").submit(ROUTED, {})
            assert (await many.app("a").finished(job, within=5))["status"] == "complete"
        assert fleet.health.problems() == {}
        assert "audioprep_databases_away 2.0" in (await fleet.metrics()).decode()
        many.databases.refused.clear()
        many.databases.frozen.clear()
        await _served(fleet, *NAMES)
        many.databases.refused.add("a")
        job = await many.app("b").submit(ROUTED, {})
        assert (await many.app("b").finished(job))["status"] == "complete"


async def test_the_limit_is_shared_and_dealt_in_turn(many: Many, temporal: Client) -> None:
    async with serving(many, temporal, max_in_flight=3) as fleet:
        await _served(fleet, *NAMES)
        flood = [await many.app("a").submit(ROUTED, {"waits": True}) for _ in range(5)]
        await eventually(lambda: _running(many, 3), what="three jobs of the first database")
        others = {name: [await many.app(name).submit(ROUTED, {"waits": True}) for _ in range(2)] for name in "bc"}
        await asyncio.sleep(1)
        assert await _running(many, 3), "no more than the limit, over all databases"

        for job_id in flood[:2]:
            handle = temporal.get_workflow_handle(await many.app("a").workflow_id(job_id))
            await handle.signal("end")

        for name, jobs in others.items():
            await many.app(name).until(jobs[0], "processing", within=15)
        assert await _running(many, 3)
        for name, jobs in {"a": flood, **others}.items():
            for job_id in jobs:
                await many.app(name).cancel_if_open(job_id)
        for name, jobs in others.items():
            for job_id in jobs:
                await many.app(name).acknowledged(job_id)


async def _running(many: Many, count: int) -> bool:
    found = [await many.app(name).sql("SELECT count(*) AS n FROM audio_prep_jobs WHERE status = 'processing'")
             for name in NAMES]  # fmt: skip
    return sum(int(rows[0]["n"]) for rows in found) == count


async def test_an_orphan_is_cancelled(many: Many, temporal: Client) -> None:
    async with serving(many, temporal) as fleet:
        await _served(fleet, *NAMES)
        job = await many.app("a").submit(ROUTED, {"waits": True})
        await many.app("a").until(job, "processing")
        handle = temporal.get_workflow_handle(await many.app("a").workflow_id(job))
    await many.app("a").sql("DELETE FROM audio_prep_jobs")

    async def cancelled() -> bool:
        history = await handle.fetch_history()
        return any(event.HasField("workflow_execution_cancel_requested_event_attributes") for event in history.events)

    async with serving(many, temporal):
        await eventually(cancelled, what="the orphan is cancelled")


async def test_two_databases_with_one_identity_are_not_both_served(many: Many, temporal: Client) -> None:
    async with serving(many, temporal) as fleet:
        await _served(fleet, *NAMES)
    identity = await many.app("a").table_id()
    await many.app("b").sql("UPDATE audio_prep_meta SET value = ? WHERE name = 'tableId'", identity)
    many.write("a", "b")

    async with serving(many, temporal) as fleet:
        await eventually(lambda: _refused(fleet), what="one of the two is refused")


async def _refused(fleet: Fleet) -> bool:
    reasons = [one.reason for one in fleet.served() if one.table is None]
    return len(reasons) == 1 and "same table identity" in reasons[0]


async def test_a_command_may_print_the_list(many: Many, temporal: Client) -> None:
    command = f"{sys.executable} -c \"print('{many.databases.url('a')} name=a')\""
    entries, faults = await DatabaseSource(None, command).read()
    assert ([entry.name for entry in entries], faults) == (["a"], [])
    with pytest.raises(RuntimeError, match="ended with code 3"):
        await DatabaseSource(None, f"{sys.executable} -c 'raise SystemExit(3)'").read()
    with pytest.raises(RuntimeError, match="does not run"):
        await DatabaseSource(None, "/no/such/program").read()
