"""The status page of a bridge, in a real browser and by plain requests."""

import base64
import json
import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import quote

import aiohttp
import pytest

from tests.conftest import TemporalServer
from tests.support.audio import make_audio
from tests.support.browser import open_browser
from tests.support.deployment import Deployment
from tests.support.fake_programs import slow_ffmpeg
from tests.support.processes import ROOT, free_port, wait_for_http
from tests.support.terminal import HOSTILE

PASSWORD = "correct horse"  # noqa: S105 - made up
INGEST = {"sourceType": "audio_file", "storageKey": "uploads/tone.mp3"}
MARKUP = "<img src=x onerror=alert(1)><script>document.title='owned'</script>\"'><b>bold</b>"
_ACTIVE = "document.querySelectorAll('script, img, b, iframe').length"


@pytest.fixture
def page_url(deployment: Deployment, temporal_server: TemporalServer) -> str:
    port = free_port()
    deployment.extra |= {
        "AUDIOPREP_HTTP_PORT": str(port),
        "AUDIOPREP_STATUS_PASSWORD": PASSWORD,
        "AUDIOPREP_TEMPORAL_UI": temporal_server.ui_url,
    }
    return f"http://127.0.0.1:{port}"


@asynccontextmanager
async def client(password: str = PASSWORD) -> AsyncIterator[aiohttp.ClientSession]:
    encoded = base64.b64encode(f"operator:{password}".encode()).decode()
    async with aiohttp.ClientSession(headers={"Authorization": f"Basic {encoded}"}) as session:
        yield session


def _pictures(folder: Path) -> Path:
    """Where the screenshots go: `make pictures` keeps them in the documents."""
    return ROOT / "docs" / "images" if os.environ.get("PICTURES") == "write" else folder


async def test_the_page_in_a_browser(deployment: Deployment, page_url: str, tmp_path: Path) -> None:
    deployment.upload(make_audio(tmp_path / "tone.mp3", 60), "uploads/tone.mp3")
    deployment.extra["PATH"] = slow_ffmpeg(tmp_path / "bin")
    await deployment.migrate()
    wait_for_http(f"{page_url}/healthz", deployment.start("serve"))
    running = await deployment.app.submit("ingest", INGEST)
    gone = await deployment.app.submit("ingest", {**INGEST, "storageKey": "gone", "originalFilename": MARKUP})
    await deployment.app.submit("ingest", json.dumps(HOSTILE))
    await deployment.app.finished(gone)
    await deployment.app.until(running, "processing", stage="analyzing")
    address = page_url.replace("://", f"://operator:{quote(PASSWORD)}@")

    async with open_browser(tmp_path) as page:
        await page.resize(1200, 900)
        await page.open(f"{address}/status")
        told = await page.shows("SourceMissing", running[:8], gone[:8], "There is no object 'gone'", "analyzing")
        assert "bridges\n1" in told
        (_pictures(tmp_path) / "status-page.png").write_bytes(await page.picture(0, 0, 1200, 800))

        await page.open(f"{address}/status/job?id={gone}")
        told = await page.shows(
            "SourceMissing", "the app or its user", "upload it again", "download failed", "<script>document"
        )
        assert "in Temporal's UI" in told
        assert await page.evaluate(_ACTIVE) == 0
        assert "owned" not in await page.evaluate("document.title")
        (_pictures(tmp_path) / "status-job.png").write_bytes(await page.picture(0, 0, 1200, 900))

        await page.evaluate("document.querySelector('button').click()")
        await page.shows(f'"retryOf":"{gone}"')
        await page.open(f"{address}/status/job?id={running}")
        await page.shows("analyzing", "whose move", "analysis runs")
        await page.evaluate("document.querySelector('button').click()")
        await page.shows("cancelled")
        await deployment.app.acknowledged(running)
        await page.open(f"{address}/status/job?id={running}")
        await page.shows("cancelled", "Retry as a new job")
        await page.resize(400, 800)
        assert await page.evaluate("document.documentElement.scrollWidth <= 400")
    rows = await deployment.app.sql("SELECT metadata FROM audio_prep_jobs WHERE metadata LIKE '%retryOf%'")
    assert [json.loads(row["metadata"])["retryOf"] for row in rows] == [gone]


async def test_nothing_is_shown_or_done_without_the_password(deployment: Deployment, page_url: str) -> None:
    await deployment.migrate()
    job_id = await deployment.app.submit("ingest", INGEST)
    wait_for_http(f"{page_url}/healthz", deployment.start("bridge", AUDIOPREP_MAX_IN_FLIGHT="1"))
    job = f"{page_url}/status/job?id={job_id}"

    async with aiohttp.ClientSession() as stranger, client() as operator, client("wrong") as wrong:
        for session in (stranger, wrong):
            for answer in (await session.get(f"{page_url}/status"), await session.post(job, data={"action": "cancel"})):
                assert (answer.status, job_id[:8] in await answer.text()) == (401, False)
        forged = await operator.post(job, data={"action": "cancel", "token": "0" * 64})
        shown = await operator.get(job)
        body = await shown.text()
        token = re.findall(r'name=token value="(\w+)"', body)[0]
        of_another = await operator.post(f"{page_url}/status/job?id=other", data={"action": "cancel", "token": token})
        before = await deployment.app.row(job_id)
        done = await operator.post(job, data={"action": "cancel", "token": token}, allow_redirects=False)
        again = await operator.post(job, data={"action": "cancel", "token": token})
        refused = [(await wrong.get(f"{page_url}/status")).status for _ in range(12)]

    assert (forged.status, of_another.status) == (403, 403)
    assert before["status"] in ("pending", "processing")
    assert (done.status, again.status) == (303, 409)
    assert (await deployment.app.row(job_id))["status"] == "cancelled"
    assert "script" not in shown.headers["Content-Security-Policy"]
    assert shown.headers["Cache-Control"] == "no-store"
    assert refused[-1] == 429


async def test_there_is_no_page_without_a_password(deployment: Deployment, page_url: str) -> None:
    del deployment.extra["AUDIOPREP_STATUS_PASSWORD"]
    wait_for_http(f"{page_url}/healthz", deployment.start("bridge"))

    async with client() as operator:
        assert (await operator.get(f"{page_url}/status")).status == 404
