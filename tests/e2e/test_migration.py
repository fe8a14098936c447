"""Moving over from a poll-loop worker: both serve one table, and each job is done once."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.activities import clip_of, recipe_of
from tests.support.audio import make_audio
from tests.support.deployment import Deployment
from tests.support.foreign import changed_foreign, insert_foreign, remember_foreign
from tests.support.legacy_worker import PollLoop
from tests.support.old_assets import FORMATS, add_old_asset, container_says, make_original
from tests.support.webapp import WebApp

_JOBS = 100
_HASH = "0123456789abcdef"
_METADATA = '{"sourceType": "audio_file", "storageKey": "uploads/tone.mp3"}'


@pytest.mark.timeout(300)
async def test_a_hundred_jobs_beside_a_poll_loop_are_each_done_once(deployment: Deployment, tmp_path: Path) -> None:
    app = deployment.app
    await _fill_with_other_programs_rows(deployment)
    deployment.upload(make_audio(tmp_path / "tone.mp3", 1), "uploads/tone.mp3")
    job_ids = [await app.submit("ingest", _METADATA) for _ in range(_JOBS)]
    unwanted = job_ids[5::10]

    old = PollLoop(app, work=0.3)
    polling = asyncio.create_task(old.run())
    deployment.start("serve")
    await _cancel_one_after_another(app, unwanted)
    rows = {job_id: await app.finished(job_id, within=240) for job_id in job_ids}
    for job_id in unwanted:
        if rows[job_id]["status"] == "cancelled":
            await app.acknowledged(job_id)
    polling.cancel()

    cancelled = {job_id for job_id, row in rows.items() if row["status"] == "cancelled"}
    complete = set(job_ids) - cancelled
    assert cancelled
    assert cancelled <= set(unwanted)
    assert {rows[job_id]["status"] for job_id in complete} == {"complete"}
    claims = await app.sql("SELECT jobId FROM changes WHERE status = 'processing' AND stage = 'queued' GROUP BY jobId")
    ours = {row["jobId"] for row in claims}
    assert ours
    assert old.done
    assert ours.isdisjoint(old.done)
    assert complete <= ours | set(old.done)
    ends = await app.sql("SELECT jobId, count(*) AS n FROM changes WHERE status = 'complete' GROUP BY jobId")
    assert {row["jobId"]: row["n"] for row in ends} == dict.fromkeys(complete, 1)
    assert await changed_foreign(app) == 0


async def test_assets_of_the_old_worker_are_previewed_and_saved(deployment: Deployment, tmp_path: Path) -> None:
    """Of the length that their containers claim, which is more than some of them can be decoded to."""
    await deployment.migrate()
    recipes: dict[str, dict[str, Any]] = {}
    for form in FORMATS:
        folder = tmp_path / form
        folder.mkdir()
        asset = add_old_asset(tmp_path / "storage", make_original(folder, form, 3))
        clip = clip_of(asset.asset_id, 0, asset.duration)
        recipes[form] = recipe_of(clip, asset_id=asset.asset_id, outputFormat="wav")
    jobs = {form: await _submit_both(deployment.app, recipe) for form, recipe in recipes.items()}
    deployment.start("serve")

    for form, (preview, save) in jobs.items():
        rows = [await deployment.app.finished(job_id, within=120) for job_id in (preview, save)]
        assert [row["status"] for row in rows] == ["complete"] * 2, (form, rows)
        saved: str = json.loads(rows[1]["result"])["preparedKey"]
        for key in (saved, f"assets/{recipes[form]['assetId']}/preview_{_HASH}.mp3"):
            assert container_says(deployment.fetched(key))["duration"] == pytest.approx(3, abs=0.3), (form, key)


async def _submit_both(app: WebApp, recipe: dict[str, Any]) -> tuple[str, str]:
    preview = await app.submit("preview", {"recipe": recipe, "recipeHash": _HASH})
    return preview, await app.submit("save", {"recipe": recipe})


async def _fill_with_other_programs_rows(deployment: Deployment) -> None:
    """The table as the old worker and the programs beside it left it."""
    await deployment.migrate()
    await insert_foreign(deployment.app, pending=1_000, processing=100, cancelled=100)
    await remember_foreign(deployment.app)
    await deployment.app.record_changes()


async def _cancel_one_after_another(app: WebApp, job_ids: list[str]) -> None:
    """Every other one as soon as it is claimed, by either worker; those in between while they wait."""
    for number, job_id in enumerate(job_ids):
        if number % 2 == 0:
            await app.until(job_id, "processing", "complete", within=240)
        await app.cancel_if_open(job_id)
