"""The example package: a job type from outside, installed beside audioprep and run by our own bridge and worker."""

import json
import shutil
from pathlib import Path

import pytest

from tests.support.audio import make_audio
from tests.support.deployment import Deployment
from tests.support.packages import uv
from tests.support.processes import ROOT

EXAMPLE = ROOT / "examples" / "silence-map"
TONE_SILENCE_TONE_SILENCE = "aevalsrc=exprs=sin(2*PI*440*t)*(lt(mod(t\\,5)\\,3))"


async def test_a_job_type_of_an_installed_package_runs(deployment: Deployment, tmp_path: Path) -> None:
    package = shutil.copytree(EXAMPLE, tmp_path / "package", ignore=shutil.ignore_patterns("build", "*.egg-info"))
    uv("pip", "install", "--quiet", "--no-deps", "--target", tmp_path / "site", package)
    deployment.extra["PYTHONPATH"] = f"{tmp_path / 'site'}:{ROOT}"
    deployment.upload(make_audio(tmp_path / "talk.wav", 10, source=TONE_SILENCE_TONE_SILENCE), "uploads/talk.wav")
    await deployment.migrate()
    await deployment.app.record_changes()
    deployment.start("serve")

    good = await deployment.app.submit("silence-map", {"storageKey": "uploads/talk.wav", "minSeconds": 1})
    bad = await deployment.app.submit("silence-map", {"storageKey": "uploads/talk.wav", "thresholdDb": 3})
    row = await deployment.app.finished(good)
    refused = await deployment.app.finished(bad)

    assert (row["status"], row["error"]) == ("complete", None)
    result = json.loads(row["result"])
    assert result["duration"] == pytest.approx(10, abs=0.05)
    assert [(round(each["start"]), round(each["end"])) for each in result["silences"]] == [(3, 5), (8, 10)]
    stages = [stage for _, stage in await deployment.app.path(good)]
    assert stages[:3] == [None, "queued", "downloading"]
    assert refused["error"] == (
        "The metadata of this silence-map job is invalid: thresholdDb: input should be less than or equal to 0."
    )
