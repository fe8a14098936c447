"""Pauses on both transports and beside a real bridge: rows stay pending, say why, and polls cost what they should."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from libsql_client import Client

from audioprep.bridge.database.pipeline_client import PipelineClient
from audioprep.bridge.store.queue.pauses import Pause, PauseTable
from audioprep.bridge.store.queue.poll import Fairness
from audioprep.bridge.store.store import JobStore
from audioprep.cli.views.forecast import Forecast
from audioprep.jobs.job import NewJob
from audioprep.jobs.timestamps import to_text
from tests.support.deployment import Deployment, Ended
from tests.support.waiting import eventually

NOW = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


async def pause(database: Client, scope: str, until: datetime = NOW + HOUR) -> None:
    await PauseTable(database).add(Pause(scope, to_text(until), "bot check", "me@host", to_text(NOW)))


async def insert(store: JobStore, name: str, job_type: str = "ingest", **metadata: object) -> None:
    made = NOW + timedelta(seconds=int("".join(filter(str.isdigit, name)) or 0))
    await store.insert(NewJob(name, job_type, dict(metadata), made))


async def claimed(store: JobStore, now: datetime = NOW) -> set[str]:
    return {job.job_id for job in (await store.poll(now, capacity=9, with_processing=False)).claimed}


@pytest.mark.parametrize(
    ("scope", "taken"),
    [
        ("all", set()),
        ("type:ingest", {"preview"}),
        ("type:playlist", {"preview", "youtube", "upload", "unclear"}),
        ("source:youtube", {"preview", "upload", "unclear"}),
        ("source:url", {"preview", "youtube", "upload", "unclear"}),
    ],
)
@pytest.mark.parametrize("tenant", [{}, {"tenant": "a"}], ids=["without tenants", "with tenants"])
async def test_only_what_is_paused_stays_pending(
    database: Client, scope: str, taken: set[str], tenant: dict[str, str]
) -> None:
    store = JobStore(database)
    await insert(store, "youtube", sourceType="youtube", **tenant)
    await insert(store, "upload", sourceType="audio_file")
    await insert(store, "preview", "preview", **tenant)
    await insert(store, "unclear", sourceType=["youtube"], **tenant)

    await pause(database, scope)

    assert await claimed(store) == taken
    assert await PauseTable(database).end([scope, "type:save"]) == [scope]
    assert await claimed(store) == {"preview", "youtube", "upload", "unclear"} - taken


async def test_jobs_of_a_paused_type_count_for_the_tenants_cap(database: Client) -> None:
    store = JobStore(database, fairness=Fairness(max_per_tenant=1))
    await insert(store, "runs", tenant="a")
    await claimed(store)
    await insert(store, "waits", "preview", tenant="a")
    await insert(store, "other", "preview", tenant="b")

    await pause(database, "type:ingest")

    assert await claimed(store) == {"other"}


async def test_a_pause_is_over_by_its_time_alone(database: Client) -> None:
    store = JobStore(database)
    await insert(store, "a")
    await pause(database, "all", NOW + HOUR)

    assert (await claimed(store), len(await PauseTable(database).read(NOW))) == (set(), 1)
    assert (await claimed(store, NOW + HOUR), await PauseTable(database).read(NOW + HOUR)) == ({"a"}, [])
    assert len((await database.execute("SELECT 1 FROM audio_prep_controls")).rows) == 1
    await claimed(store, NOW + 2 * HOUR + timedelta(days=1))
    assert len((await database.execute("SELECT 1 FROM audio_prep_controls")).rows) == 0


async def test_rows_that_are_paused_do_not_wait_for_a_bridge(database: Client) -> None:
    store = JobStore(database, fairness=Fairness())
    await insert(store, "a", sourceType="youtube")
    for scope in ("source:youtube", "type:ingest", "all"):
        await pause(database, scope)

        poll = await store.poll(NOW, capacity=9, with_processing=False)

        assert (poll.waiting, poll.more, poll.is_news, scope in poll.paused) == (False, False, False, True)


async def test_a_cancel_is_found_during_a_pause(database: Client) -> None:
    store = JobStore(database)
    await insert(store, "a")
    await claimed(store)
    await store.request_cancel("a", NOW)
    await pause(database, "all")

    assert [job.job_id for job in (await store.poll(NOW, capacity=9, with_processing=False)).cancel_requested] == ["a"]


async def test_polls_cost_nothing_without_a_pause_and_little_with_one(sqld_url: str) -> None:
    async with PipelineClient(sqld_url) as database:
        store = JobStore(database)
        await store.migrate()

        async def cost() -> int:
            before = database.rows.read
            await store.poll(NOW, capacity=9, with_processing=True)
            return database.rows.read - before

        assert await cost() == 0
        for number in range(60):
            await insert(store, f"y{number}", sourceType="youtube")
        await pause(database, "all")
        assert await cost() <= 5
        await PauseTable(database).end(["all"])
        await insert(store, "other", "preview")
        await pause(database, "type:ingest")
        assert await cost() <= 15
        await PauseTable(database).end(["type:ingest"])
        await pause(database, "source:youtube")
        scan, next_to_it = await cost(), await cost()

        # The claim passes over each row once, then waits for a time by their number.
        assert 60 < scan <= 5 * 60
        assert next_to_it <= 5


async def test_a_row_that_waits_says_why(database: Client) -> None:
    store, pauses = JobStore(database), PauseTable(database)
    await insert(store, "a", sourceType="youtube")
    await pause(database, "source:youtube", datetime(2999, 1, 1, tzinfo=UTC))
    job = await store.get("a")
    assert job

    class Silent:
        async def read(self, now: datetime) -> None:
            return None

    forecast = Forecast(Silent(), pauses)  # type: ignore[arg-type]
    await forecast.update([job])

    assert forecast.hint(job) == "source:youtube paused until 2999-01-01 00:00 UTC by me@host: bot check"


async def test_commands_pause_and_resume_a_bridge(deployment: Deployment) -> None:
    await deployment.migrate()
    paused = await deployment.command("pause", "source:youtube", "--for", "2h", "--reason", "bot check")
    unknown = [await deployment.command("pause", name, "--for", "1h") for name in ("nothing", "source:vimeo")]
    endless = await deployment.command("pause", "ingest", "--for", "soon")
    held = await deployment.app.submit("ingest", {"sourceType": "youtube"})  # without a URL: it fails once claimed
    other = await deployment.app.submit("ingest", {"sourceType": "url"})
    bridge = deployment.start("bridge")
    ended = await deployment.app.finished(other)
    row = await deployment.app.row(held)
    listed = json.loads((await deployment.command("paused", "--json")).out)
    jobs, doctor, whole = [await deployment.command(*words) for words in (["jobs"], ["doctor", held], ["doctor"])]
    again = await deployment.command("resume", "ingest")
    resumed = await deployment.command("resume", "source:youtube")
    freed = await deployment.app.finished(held)

    async def nothing() -> Ended | None:
        asked = await deployment.command("paused")
        return asked if "Nothing is paused." in asked.out else None

    await eventually(nothing, what="no pause")
    assert (paused.code, "source:youtube paused until" in paused.out) == (0, True), paused.err
    assert [each.code for each in (*unknown, endless)] == [2, 2, 2]
    assert (ended["status"], row["status"], freed["status"]) == ("failed", "pending", "failed")
    assert [(each["scope"], each["reason"]) for each in listed] == [("source:youtube", "bot check")]
    for said in (jobs, doctor, whole):
        assert "bot check" in said.out, said
    assert (doctor.code, "audioprep resume source:youtube" in doctor.out) == (0, True), doctor.out
    assert (again.code, resumed.code) == (1, 0), resumed.err
    assert bridge.said().count("pauses_changed") == 2
