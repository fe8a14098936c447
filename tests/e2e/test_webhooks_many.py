"""Webhooks of many databases: one bridge delivers the ends of each, and `--database` replays one of them."""

import json
from pathlib import Path

from tests.conftest import TemporalServer
from tests.support.audio import make_audio
from tests.support.deployment import Deployment
from tests.support.namespaces import namespaces
from tests.support.receiver import open_receiver
from tests.support.storage import local_place
from tests.support.waiting import eventually
from tests.support.webapp import WebApp

JOB = "the same id"
INGEST = {"sourceType": "audio_file", "storageKey": "uploads/tone.mp3"}


async def test_ends_of_two_databases_are_delivered_and_replayed(
    temporal_server: TemporalServer, tmp_path: Path
) -> None:
    async with namespaces(tmp_path) as databases, open_receiver() as receiver:
        await databases.create(("a", "b"))
        listed = tmp_path / "databases.txt"
        listed.write_text("".join(f"{databases.url(name)} name={name} prefix=of-{name}\n" for name in "ab"))
        deployment = Deployment(tmp_path, "", temporal_server.address, local_place(tmp_path / "storage"))
        deployment.extra |= receiver.env | {"AUDIOPREP_DATABASES": str(listed), "AUDIOPREP_IDLE_MAX": "1"}
        tone = make_audio(tmp_path / "tone.mp3", 2)
        deployment.upload(tone, "of-a/uploads/tone.mp3")  # b has none: its job fails
        apps = {name: WebApp(databases.url(name)) for name in "ab"}
        try:
            bridge = deployment.start("bridge")
            deployment.start("worker")
            await eventually(lambda: _have_tables(apps), within=60, what="tables in both databases")
            for app in apps.values():
                await app.submit("ingest", INGEST, job_id=JOB)
            ended = {name: await app.finished(JOB) for name, app in apps.items()}
            await eventually(lambda: _are(len(receiver.accepted), 2), within=60, what="two webhooks")
            again = await deployment.command("webhooks", "replay", JOB, "--database", "b", "--json")
            await eventually(lambda: _are(receiver.requests.total(), 3), within=60, what="the webhook that is replayed")
            empty = [await app.sql("SELECT 1 FROM audio_prep_outbox") for app in apps.values()]
        finally:
            deployment.stop()

    assert {name: row["status"] for name, row in ended.items()} == {"a": "complete", "b": "failed"}
    types = {event["data"]["tableId"]: event["type"] for event in receiver.events()}
    assert sorted(types.values()) == ["job.complete", "job.failed"]
    assert receiver.forged == 0
    replayed = json.loads(again.out)["webhookId"]
    assert [event["type"] for event in receiver.accepted[replayed]] == ["job.failed"] * 2
    assert empty == [[], []]
    assert "confidential" not in bridge.said()


async def _have_tables(apps: dict[str, WebApp]) -> bool:
    query = "SELECT 1 FROM sqlite_master WHERE name = 'audio_prep_controls'"
    return all([await app.sql(query) for app in apps.values()])


async def _are(count: int, wanted: int) -> bool:
    return count >= wanted
