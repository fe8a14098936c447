"""The sample rate and channels of a recording, from row to result."""

import json
from pathlib import Path

from tests.support.audio import make_audio
from tests.support.deployment import Deployment


async def test_a_tone_job_tells_rate_and_channels(deployment: Deployment, tmp_path: Path) -> None:
    await deployment.migrate()
    deployment.upload(make_audio(tmp_path / "a.flac", 1, "-ar", "22050"), "uploads/a.flac")
    deployment.start("serve")

    row = await deployment.app.finished(await deployment.app.submit("tone", {"storageKey": "uploads/a.flac"}))

    assert json.loads(row["result"]) == {"sampleRate": 22050, "channels": 1}
