"""With a key, Temporal keeps nothing of a job that can be read; the rows are as without."""

import base64
import os
from pathlib import Path

import pytest
from temporalio.client import Client

from tests.support.audio import make_audio
from tests.support.deployment import Deployment
from tests.support.site import open_site

SECRET = "hunter2hunter2"  # noqa: S105 - made up


@pytest.mark.parametrize("encrypted", [True, False], ids=["with a key", "without"])
async def test_what_history_tells(deployment: Deployment, temporal: Client, tmp_path: Path, encrypted: bool) -> None:
    if encrypted:
        deployment.extra["AUDIOPREP_PAYLOAD_KEY"] = base64.b64encode(os.urandom(32)).decode()
    deployment.extra["AUDIOPREP_ALLOW_PRIVATE_URLS"] = "1"
    await deployment.migrate()
    deployment.start("serve")
    make_audio(tmp_path / "site/tone.mp3", 2)

    async with open_site(tmp_path / "site") as site:
        urls = [site.url(f"{path}?X-Amz-Signature={SECRET}") for path in ("file/tone.mp3", "status/404")]
        jobs = [await deployment.app.submit("ingest", {"sourceType": "url", "url": url}) for url in urls]
        rows = [await deployment.app.finished(job_id) for job_id in jobs]

    assert [row["status"] for row in rows] == ["complete", "failed"], rows
    assert "HTTP 404" in rows[1]["error"]
    assert SECRET not in str(rows[0]["result"]) + rows[1]["error"]
    histories = [
        await temporal.get_workflow_handle(await deployment.app.workflow_id(job)).fetch_history() for job in jobs
    ]
    kept = b"".join(event.SerializeToString() for history in histories for event in history.events)
    assert (SECRET.encode() in kept) is not encrypted
    assert (b"HTTP 404" in kept) is not encrypted
    assert all(SECRET not in program.log.read_text() for program in deployment.programs)
