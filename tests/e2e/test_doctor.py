"""`audioprep doctor` where keys differ between roles."""

import base64
import os
from pathlib import Path

from tests.support.audio import make_audio
from tests.support.deployment import Deployment, Ended
from tests.support.waiting import eventually

INGEST = {"sourceType": "audio_file", "storageKey": "uploads/tone.mp3"}


async def test_doctor_names_the_key_that_is_missing(deployment: Deployment, tmp_path: Path) -> None:
    key, other = (base64.b64encode(os.urandom(32)).decode() for _ in range(2))
    deployment.upload(make_audio(tmp_path / "tone.mp3", 2), "uploads/tone.mp3")
    await deployment.migrate()
    worker = deployment.start("worker")
    deployment.extra["AUDIOPREP_PAYLOAD_KEY"] = key
    deployment.start("bridge")
    job_id = await deployment.app.submit("ingest", INGEST)

    async def blamed() -> Ended | None:
        ended = await deployment.command("doctor", job_id)
        return ended if "decode" in ended.out else None

    without_key = await eventually(blamed, what="a complaint of doctor")
    worker.stop()
    worker = deployment.start("worker")
    row = await deployment.app.finished(job_id)
    deployment.extra["AUDIOPREP_PAYLOAD_KEY"] = other
    with_another = await deployment.command("doctor", job_id)
    del deployment.extra["AUDIOPREP_PAYLOAD_KEY"]
    with_none = await deployment.command("doctor", job_id)

    assert "cannot decode the payloads. Set its AUDIOPREP_PAYLOAD_KEY" in without_key.out
    assert row["status"] == "complete", row
    for ended in (with_another, with_none):
        assert ended.code == 1
        assert "same AUDIOPREP_PAYLOAD_KEY" in ended.out, ended.err
        assert ended.err == ""
