"""With a payload key, a reader of Temporal sees what docs/security.md lists, and nothing of a job's content."""

import base64
import json
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import json_format
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client

from audioprep.jobs.text.hosts import fairness_key_of
from tests.support.activities import clip_of, recipe_of
from tests.support.audio import make_audio
from tests.support.deployment import Deployment
from tests.support.processes import ROOT
from tests.support.site import open_site
from tests.support.waiting import eventually
from tests.support.webapp import WebApp

CONTENT = ("patient-4711", "patient-0815", "hush-signature", "patient-clip", "kept secret")


@pytest.fixture
async def strict(deployment: Deployment) -> Deployment:
    """A deployment that takes encrypted payloads only."""
    deployment.extra |= {
        "AUDIOPREP_PAYLOAD_KEY": base64.b64encode(os.urandom(32)).decode(),
        "AUDIOPREP_ENCRYPTED_ONLY": "1",
        "AUDIOPREP_ALLOW_PRIVATE_URLS": "1",
    }
    await deployment.migrate()
    deployment.start("serve")
    return deployment


async def test_what_stays_in_clear(strict: Deployment, temporal: Client, tmp_path: Path) -> None:
    tone = make_audio(tmp_path / "site/patient-4711.flac", 2)
    upload = strict.upload(tone, "uploads/patient-0815.flac")
    async with open_site(tmp_path / "site") as site:
        url = site.url("file/patient-4711.flac?sig=hush-signature")
        ingest = await strict.app.submit("ingest", {"sourceType": "url", "url": url})
        adopted = await strict.app.submit("ingest", {"sourceType": "audio_file", "storageKey": upload})
        rows = [await strict.app.finished(job) for job in (ingest, adopted)]
    asset = json.loads(rows[0]["result"])["assetId"]
    recipe = recipe_of(clip_of(asset, 0, 1, id="patient-clip"))
    preview = await strict.app.submit("preview", {"recipe": recipe, "recipeHash": "a-recipe-hash"})
    refused = await strict.app.submit("ingest", {"sourceType": "audio_file", "storageKey": "uploads/kept secret"})
    rows += [await strict.app.finished(job) for job in (preview, refused)]
    assert [row["status"] for row in rows] == ["complete", "complete", "complete", "failed"], rows

    told = {
        job: [word async for word in _clear(strict.app, temporal, job)] for job in (ingest, adopted, preview, refused)
    }

    for job, words in told.items():
        assert {await strict.app.workflow_id(job), "AudioprepPreview" if job == preview else "AudioprepIngest"} <= set(
            words
        )
        assert not [word for word in words for content in CONTENT if content in word]
    assert not any("127.0.0.1" in word for word in told[ingest] if "@" not in word), "the site is a digest"
    assert fairness_key_of("127.0.0.1") in told[ingest]
    assert not any(word.startswith("audioprep.turn/") and "a-recipe-hash" in word for word in told[preview])
    section = (ROOT / "docs/security.md").read_text().split("### What stays in clear")[1].split("\n#")[0]
    for documented in ("workflow id", "fairness key", "lock", "names of activities"):
        assert documented in section


async def _clear(app: WebApp, temporal: Client, job_id: str) -> AsyncIterator[str]:
    """Every text in the history and the description of a job's workflow, payloads in clear among them."""
    handle = temporal.get_workflow_handle(await app.workflow_id(job_id))
    history = await handle.fetch_history()
    for event in history.events:
        for word in _words(json_format.MessageToDict(event)):
            yield word
    for word in _words(json_format.MessageToDict((await handle.describe()).raw_description)):
        yield word


def _words(node: Any) -> Iterator[str]:
    match node:
        case {"metadata": {"encoding": _}, **rest} if set(rest) <= {"data"}:
            yield base64.b64decode(rest.get("data", "")).decode(errors="replace")
        case dict():
            for child in node.values():
                yield from _words(child)
        case list():
            for child in node:
                yield from _words(child)
        case str():
            yield node


async def test_a_workflow_started_in_clear_does_nothing(strict: Deployment, temporal: Client) -> None:
    workflow_id = f"audioprep-forged-{strict.task_queue}"
    request = {"jobId": "forged", "type": "ingest", "payload": None}
    handle = await temporal.start_workflow("AudioprepIngest", request, id=workflow_id, task_queue=strict.task_queue)

    async def refused() -> bool:
        events = (await handle.fetch_history()).events
        failures = [event.workflow_task_failed_event_attributes.failure for event in events]
        return "UnreadablePayload" in {failure.application_failure_info.type for failure in failures}

    await eventually(refused, what="a workflow task that failed for it")
    events = {event.event_type for event in (await handle.fetch_history()).events}
    await handle.terminate()

    assert EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED not in events
