"""Deleting assets: everything of them goes, also under the hands of running jobs."""

import asyncio
import json
import uuid
from pathlib import Path

import pytest

from tests.support.activities import clip_of, recipe_of
from tests.support.audio import make_audio
from tests.support.children import child_of
from tests.support.deployment import Deployment
from tests.support.fake_programs import slow_ffmpeg


@pytest.mark.usefixtures("storage_place")
async def test_an_asset_goes_with_all_that_was_made_of_it(deployment: Deployment, tmp_path: Path) -> None:
    await deployment.migrate()
    deployment.start("serve")
    app = deployment.app
    for name in ("gone", "kept"):
        deployment.upload(make_audio(tmp_path / f"{name}.flac", 3), f"uploads/{name}.flac")
    source = {"sourceType": "audio_file", "storageKey": "uploads/gone.flac", "deleteUpload": True}
    gone = await _asset(deployment, source)
    kept = await _asset(deployment, source | {"storageKey": "uploads/kept.flac", "deleteUpload": False})
    before = deployment.place.stored()
    for job_type in ("preview", "save"):
        recipe = {"recipe": recipe_of(clip_of(gone, 0, 2), asset_id=gone)}
        assert (await app.finished(await app.submit(job_type, recipe)))["status"] == "complete"
    files = {key for key in deployment.place.stored() if gone in key}
    size = sum(len(deployment.place.get(key)) for key in files)

    ended = await deployment.command("submit", "delete", gone, str(uuid.uuid4()), "--watch", "--json")
    again = await app.finished(await app.submit("delete", {"assetIds": [gone]}))
    late = await app.finished(await app.submit("preview", {"recipe": recipe_of(clip_of(gone, 0, 2), asset_id=gone)}))

    assert ended.code == 0, ended.err
    assert json.loads(ended.out)["result"] == {"objects": len(files), "bytes": size}
    assert len(files) == 8
    assert json.loads(again["result"]) == {"objects": 0, "bytes": 0}
    assert json.loads(late["result"])["error"]["kind"] == "SourceMissing"
    assert {"uploads/kept.flac"} == {key for key in before if key.startswith("uploads/")}
    left = {key for key in deployment.place.stored() if not key.startswith("uploads/")}
    assert {key.split("/")[1] for key in left} == {kept}


async def test_a_deletion_wins_over_jobs_that_run(deployment: Deployment, tmp_path: Path) -> None:
    """A save and a preview are in the middle of it; two deletions, then the children go on."""
    await deployment.migrate()
    serve = deployment.start("serve")
    app = deployment.app
    deployment.upload(make_audio(tmp_path / "a.flac", 20), "uploads/a.flac")
    asset = await _asset(deployment, {"sourceType": "audio_file", "storageKey": "uploads/a.flac"})
    serve.stop()
    deployment.extra |= {"PATH": slow_ffmpeg(tmp_path / "bin"), "AUDIOPREP_ACTIVITY_SLOTS": "4"}
    serve = deployment.start("serve")
    recipe = {"recipe": recipe_of(clip_of(asset, 0, 12), asset_id=asset)}

    renders = [await app.submit(job_type, recipe) for job_type in ("save", "preview")]
    await asyncio.gather(*(app.until(job_id, "processing", stage="rendering") for job_id in renders))
    await child_of(serve.pid, "readrate")
    deletions = [await app.submit("delete", {"assetIds": [asset]}) for _ in range(2)]
    ended = [await app.finished(job_id) for job_id in (*deletions, *renders)]

    assert [row["status"] for row in ended] == ["complete", "complete", "failed", "failed"]
    assert {json.loads(row["result"])["error"]["kind"] for row in ended[2:]} == {"SourceMissing"}
    assert {row["error"] for row in ended[2:]} == {f"The asset {asset} was deleted while the job ran."}
    assert not {key for key in deployment.place.stored() if key.startswith("assets/")}


async def _asset(deployment: Deployment, source: dict[str, object]) -> str:
    row = await deployment.app.finished(await deployment.app.submit("ingest", source))
    assert row["status"] == "complete", row["error"]
    return str(json.loads(row["result"])["assetId"])
