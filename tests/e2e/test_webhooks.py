"""Webhooks, from the row's end to the receiver's verification, and the commands about them."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.support.audio import make_audio
from tests.support.deployment import Deployment
from tests.support.receiver import WebhookReceiver, open_receiver
from tests.support.waiting import eventually

INGEST = {"sourceType": "audio_file", "storageKey": "uploads/tone.mp3", "tenant": "acme"}
MISSING = INGEST | {"storageKey": "uploads/none.mp3"}


@asynccontextmanager
async def delivering(deployment: Deployment) -> AsyncIterator[WebhookReceiver]:
    """A deployment whose ends go to a receiver; all roles run."""
    await deployment.migrate()
    deployment.upload(make_audio(deployment.folder / "tone.mp3", 2), "uploads/tone.mp3")
    async with open_receiver() as receiver:
        deployment.extra |= receiver.env
        deployment.start("serve")
        yield receiver


async def delivered(receiver: WebhookReceiver, job_id: str) -> dict[str, object]:
    async def check() -> dict[str, object] | None:
        return next(iter(receiver.of_job(job_id)), None)

    return await eventually(check, within=60, what=f"the webhook of {job_id}")


async def test_every_end_is_delivered_through_errors_of_the_receiver(deployment: Deployment) -> None:
    async with delivering(deployment) as receiver:
        receiver.answers = [500, 429, 302]
        complete = await deployment.app.submit("ingest", INGEST)
        failed = await deployment.app.submit("ingest", MISSING)
        refused = await deployment.app.submit("ingest", "{}")
        row = await deployment.app.finished(complete)
        events = {job_id: await delivered(receiver, job_id) for job_id in (complete, failed, refused)}

        async def emptied() -> bool:
            return not await deployment.app.sql("SELECT 1 FROM audio_prep_outbox")

        await eventually(emptied, what="an empty outbox")

    assert {job_id: event["type"] for job_id, event in events.items()} == {
        complete: "job.complete",
        failed: "job.failed",
        refused: "job.failed",
    }
    assert events[complete]["data"]["result"] == json.loads(row["result"])  # type: ignore[index]
    assert events[complete]["data"]["tenant"] == "acme"  # type: ignore[index]
    assert events[failed]["data"]["error"]["kind"] == "SourceMissing"  # type: ignore[index]
    assert (receiver.forged, len(receiver.accepted)) == (0, 3)
    assert {status: receiver.statuses[status] for status in (500, 429, 302, 204)} == {500: 1, 429: 1, 302: 1, 204: 3}
    assert "confidential" not in deployment.programs[0].said()


async def test_a_refused_webhook_is_listed_and_delivered_again(deployment: Deployment) -> None:
    async with delivering(deployment) as receiver:
        receiver.answers = [410]
        job_id = await deployment.app.submit("ingest", MISSING)

        async def listed() -> list[dict[str, str]]:
            found: list[dict[str, str]] = json.loads((await deployment.command("webhooks", "--failed", "--json")).out)
            return found

        (failed,) = await eventually(listed, within=60, what="the failed delivery in the list")
        tried = await deployment.command("webhooks", "test")
        again = await deployment.command("webhooks", "replay", job_id, "--json")
        event = await delivered(receiver, job_id)

    assert (failed["jobId"], failed["type"], failed["status"]) == (job_id, "job.failed", "failed")
    assert "accepted with HTTP 204" in tried.out, tried.err
    assert event["type"] == "job.failed"
    webhook_id = json.loads(again.out)["webhookId"]
    assert receiver.requests[webhook_id] == 2
