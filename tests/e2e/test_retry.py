"""A retry as the app sees it: where the new job is, and whose asset it makes."""

import json
from pathlib import Path

from audioprep.jobs.keys import asset_id_for
from tests.support.audio import make_audio
from tests.support.deployment import Deployment


async def test_a_retried_ingest_keeps_its_asset(deployment: Deployment, tmp_path: Path) -> None:
    """The upload arrives late; the second retry finds it."""
    await deployment.migrate()
    deployment.start("serve")
    app = deployment.app
    first = await app.submit("ingest", {"sourceType": "audio_file", "storageKey": "uploads/late.mp3"})
    await app.finished(first)

    second = await _retried(deployment, first)
    await app.finished(second)
    deployment.upload(make_audio(tmp_path / "late.mp3", 2), "uploads/late.mp3")
    third = await _retried(deployment, second)
    row = await app.finished(third)

    asset = asset_id_for(first, await app.table_id())
    assert row["status"] == "complete", row["error"]
    assert json.loads(row["result"])["assetId"] == asset
    assert json.loads(row["metadata"])["retryOf"] == first
    assert {key.split("/")[1] for key in deployment.place.stored() if key.startswith("assets/")} == {asset}
    old = json.loads((await app.row(first))["result"])
    assert (old["error"]["kind"], old["retriedAs"]) == ("SourceMissing", second)


async def _retried(deployment: Deployment, job_id: str) -> str:
    """The id of the new job."""
    ended = await deployment.command("retry", job_id, "--json")
    assert ended.code == 0, ended.err
    return str(json.loads(ended.out)["jobId"])
