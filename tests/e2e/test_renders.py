"""`preview`, `edit` and `save` from row to file, on the real parts."""

import asyncio
import json
import uuid
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowExecutionStatus

from audioprep.activities.preview import PreviewInput
from audioprep.jobs.types.preview import PreviewPayload
from audioprep.workflows.preview import lock_name
from tests.support.activities import clip_of, recipe_of
from tests.support.audio import make_audio
from tests.support.deployment import Deployment
from tests.support.listening import loudness_of, samples_of, stream_of
from tests.support.waiting import eventually
from tests.support.webapp import WebApp


def _source(deployment: Deployment, tmp_path: Path, seconds: float, sound: str = "anoisesrc=seed=3:a=0.4") -> str:
    asset = str(uuid.uuid4())
    file = make_audio(tmp_path / "source.flac", seconds, "-ac", "2", "-ar", "44100", source=sound)
    deployment.upload(file, f"assets/{asset}/original.flac")
    return asset


@pytest.mark.usefixtures("storage_place")
async def test_a_save_passes_its_stages_and_stores_the_prepared_file(deployment: Deployment, tmp_path: Path) -> None:
    await deployment.migrate()
    await deployment.app.record_changes()
    deployment.start("serve")
    source = _source(deployment, tmp_path, 60)
    recipe = recipe_of(clip_of(source, 10, 50), clip_of(source, 0, 5, fadeOut=1), normalize=True)

    job_id = await deployment.app.submit("save", {"recipe": recipe})
    row = await deployment.app.finished(job_id)

    assert (row["status"], row["error"], row["stage"]) == ("complete", None, "finalizing")
    key = f"assets/{recipe['assetId']}/prepared.wav"
    assert json.loads(row["result"]) == {"assetId": recipe["assetId"], "preparedKey": key}
    assert len(samples_of(deployment.fetched(key))) == 45 * 44100
    assert abs(loudness_of(deployment.fetched(key)).integrated + 24) <= 0.5
    stages = [stage for _, stage in await deployment.app.path(job_id) if stage]
    order = ["queued", "downloading", "normalizing", "rendering", "uploading", "finalizing"]
    assert stages == sorted(stages, key=order.index)
    assert {"queued", "downloading", "rendering", "finalizing"} <= set(stages)


async def test_a_report_comes_with_a_save_and_without_one(deployment: Deployment, tmp_path: Path) -> None:
    await deployment.migrate()
    await deployment.app.record_changes()
    deployment.start("serve")
    clip = clip_of(_source(deployment, tmp_path, 20), 0, 20)
    saving = recipe_of(clip, loudness="podcast", report=True)
    measuring = recipe_of(clip, loudness="measure")
    several = recipe_of(clip, loudness="podcast", report=True, outputs=[{"format": "mp3"}, {"format": "flac"}])

    ids = [await deployment.app.submit("save", {"recipe": recipe}) for recipe in (saving, measuring, several)]
    saved, measured, both = [json.loads((await deployment.app.finished(job_id))["result"]) for job_id in ids]

    key, plot = f"assets/{saving['assetId']}/prepared.wav", f"assets/{measuring['assetId']}/loudness.png"
    assert saved["preparedKey"] == saved["loudness"]["files"][0]["key"] == key
    assert saved["loudness"]["files"][0]["integrated"] == pytest.approx(-16, abs=0.5)
    assert set(measured) == {"assetId", "loudness"}
    assert (measured["loudness"]["files"], measured["loudness"]["plotKey"]) == ([], plot)
    assert measured["loudness"]["source"] == saved["loudness"]["source"]
    assert deployment.fetched(plot).read_bytes().startswith(b"\x89PNG")
    assert both["preparedKey"] == both["outputs"][0]["key"] == f"assets/{several['assetId']}/prepared.mp3"
    assert [file["key"] for file in both["outputs"]] == [file["key"] for file in both["loudness"]["files"]]
    assert [file["integrated"] for file in both["outputs"]] == pytest.approx([-16, -16], abs=0.5)
    assert [file["bytes"] for file in both["outputs"]] == [
        deployment.fetched(file["key"]).stat().st_size for file in both["outputs"]
    ]
    for job_id in ids:
        progress = [change["progress"] for change in await deployment.app.changes(job_id)]
        assert progress == sorted(progress)


@pytest.mark.usefixtures("storage_place")
async def test_two_identical_previews_at_once_are_one_render(
    deployment: Deployment, tmp_path: Path, temporal: Client
) -> None:
    await deployment.migrate()
    deployment.start("serve")
    payload = _preview(_source(deployment, tmp_path, 60))

    jobs = [await deployment.app.submit(kind, payload) for kind in ("preview", "edit", "preview")]
    rows = [await deployment.app.finished(job) for job in jobs]

    key = f"assets/{payload['recipe']['assetId']}/preview_{payload['recipeHash']}.mp3"
    assert [json.loads(row["result"] or "{}") for row in rows] == [{"previewKey": key}] * 3, rows
    assert stream_of(deployment.fetched(key))["bit_rate"] == "128000"
    steps = Counter([name for job in jobs for name in await _steps(deployment.app, temporal, job)])
    assert steps["audioprep.render_preview"] == 1
    locks = temporal.list_workflows(f"WorkflowId = '{lock_name(_input(payload), await deployment.app.table_id())}'")
    assert [lock.status async for lock in locks] in ([], [WorkflowExecutionStatus.COMPLETED])


@pytest.mark.usefixtures("storage_place")
async def test_two_recipes_under_one_hash_never_share_a_preview(deployment: Deployment, tmp_path: Path) -> None:
    """Both at once, each several times: a completed row found its own sound there, and the later one stays."""
    await deployment.migrate()
    deployment.start("serve")
    source = _source(deployment, tmp_path, 40)
    mine = _preview(source, clip_of(source, 0, 10))
    theirs = mine | {"recipe": mine["recipe"] | {"clips": [{"id": "x", **clip_of(source, 0, 30)}]}}

    both = [await deployment.app.submit("preview", payload) for payload in (mine, theirs) * 2]
    rows = await asyncio.gather(*(deployment.app.finished(job) for job in both))
    lengths = []
    for payload in (mine, theirs, mine):
        row = await deployment.app.finished(await deployment.app.submit("preview", payload))
        lengths.append(_seconds(deployment.fetched(json.loads(row["result"])["previewKey"])))

    assert [row["status"] for row in rows] == ["complete"] * 4, rows
    assert lengths == [10, 30, 10]


async def test_no_workflow_id_tells_an_asset_or_a_hash(
    deployment: Deployment, tmp_path: Path, temporal: Client
) -> None:
    await deployment.migrate()
    deployment.start("serve")
    payload = _preview(_source(deployment, tmp_path, 60))

    await deployment.app.finished(await deployment.app.submit("preview", payload))

    name = lock_name(_input(payload), await deployment.app.table_id())
    assert (await temporal.get_workflow_handle(name).describe()).workflow_type == "AudioprepTurn"
    assert not any(word in name for word in (payload["recipe"]["assetId"], payload["recipeHash"]))


async def test_cancelling_one_of_two_equal_previews_spares_the_other(
    deployment: Deployment, tmp_path: Path, temporal: Client
) -> None:
    await deployment.migrate()
    deployment.start("serve")
    source = _source(deployment, tmp_path, 400, "sine=frequency=440")
    payload = _preview(source, clip_of(source, 0, 390))
    first = await deployment.app.submit("preview", payload)
    await deployment.app.until(first, "processing", stage="rendering")
    second = await deployment.app.submit("preview", payload)
    await eventually(lambda: _waits(deployment.app, temporal, second), what="the second preview waits for its turn")

    await deployment.app.cancel(first)
    await deployment.app.acknowledged(first)
    row = await deployment.app.finished(second)

    assert row["status"] == "complete", row
    key = json.loads(row["result"])["previewKey"]
    assert deployment.fetched(key).is_file()


async def test_bad_recipes_fail_with_the_clip_and_the_rule(deployment: Deployment, tmp_path: Path) -> None:
    await deployment.migrate()
    deployment.start("serve")
    source = _source(deployment, tmp_path, 2)
    loud = recipe_of(clip_of(source, 0, 1), clip_of(source, 0, 1, volume=3))
    late = recipe_of(clip_of(source, 0, 1), clip_of(source, 1, 4))

    jobs = [await deployment.app.submit("save", {"recipe": recipe}) for recipe in (loud, late)]
    rows = await asyncio.gather(*(deployment.app.finished(job) for job in jobs))

    assert [row["status"] for row in rows] == ["failed", "failed"]
    assert "clip 2 ('clip-1'), volume: input should be less than or equal to 2" in rows[0]["error"]
    assert rows[1]["error"].startswith("clip 2 ('clip-1'): endTime 4 s is after the end of its source")


def _preview(source: str, *clips: dict[str, Any]) -> dict[str, Any]:
    recipe = recipe_of(*(clips or (clip_of(source, 1, 30, fadeIn=1), clip_of(source, 40, 59, volume=0.5))))
    return {"recipe": recipe, "recipeHash": uuid.uuid4().hex}


def _input(payload: dict[str, Any]) -> PreviewInput:
    return PreviewInput.of(PreviewPayload.model_validate(payload))


def _seconds(preview: Path) -> int:
    return round(len(samples_of(preview)) / 44100)


async def _steps(app: WebApp, temporal: Client, job_id: str) -> list[str]:
    """The activities that the job's workflow scheduled."""
    history = await temporal.get_workflow_handle(await app.workflow_id(job_id)).fetch_history()
    scheduled = EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED
    return [
        event.activity_task_scheduled_event_attributes.activity_type.name
        for event in history.events
        if event.event_type == scheduled
    ]


async def _waits(app: WebApp, temporal: Client, job_id: str) -> bool:
    """The workflow has found the turn taken: it looked at least twice."""
    try:
        return (await _steps(app, temporal, job_id)).count("audioprep.find_preview") >= 2
    except Exception:
        return False
