"""The Temporal UI tells a job's story to who opens no payload: read from the page itself, by a real browser."""

import asyncio
import json
from pathlib import Path

from temporalio.client import Client

from audioprep.jobs import keys
from tests.conftest import TemporalServer
from tests.support.audio import make_audio
from tests.support.browser import open_browser
from tests.support.deployment import Deployment
from tests.support.fake_programs import slow_ffmpeg
from tests.support.terminal import HOSTILE, run_in_terminal, steering
from tests.support.ui import metadata_page, timeline_page


async def test_the_ui_shows_input_progress_and_limits_of_a_running_job(
    deployment: Deployment, temporal: Client, temporal_server: TemporalServer, tmp_path: Path
) -> None:
    deployment.upload(make_audio(tmp_path / "tone.mp3", 60), "uploads/tone.mp3")
    deployment.extra["PATH"] = slow_ffmpeg(tmp_path / "bin")
    await deployment.migrate()
    deployment.start("serve")
    job_id = await deployment.app.submit("ingest", {"sourceType": "audio_file", "storageKey": "uploads/tone.mp3"})
    await deployment.app.until(job_id, "processing", stage="analyzing")

    asset = keys.asset_folder(keys.asset_id_for(job_id, await deployment.app.table_id()))

    async with open_browser(tmp_path) as page:
        await page.resize(1400, 1800)  # the timeline draws only what is in view
        await page.open(await metadata_page(temporal, temporal_server.ui_url, await deployment.app.workflow_id(job_id)))
        await page.shows(
            "ingest · audio_file · tone.mp3",
            f"job: {job_id}, ingest",
            "source: audio_file, uploads/tone.mp3",
            "limits: 10:00 in all, 3 tries a step",
            f"files once complete: in {asset}: original.*, peaks.json, peaks.dat, waveform.png, metadata.json",
            "analyzing · duration, peaks, waveform",
            "fetch_source: ",
        )
        await page.open(await timeline_page(temporal, temporal_server.ui_url, await deployment.app.workflow_id(job_id)))
        await page.shows(
            "audioprep.fetch_source • audio_file · tone.mp3", "audioprep.analyze • duration, peaks, waveform"
        )
        await deployment.app.cancel(job_id)
        await deployment.app.acknowledged(job_id)
        await page.open(await metadata_page(temporal, temporal_server.ui_url, await deployment.app.workflow_id(job_id)))
        await page.shows("cancelled in ")


ACTIVE = """
JSON.stringify([document, ...[...document.querySelectorAll('iframe')].map(frame => frame.contentDocument)]
  .flatMap(part => part ? [...part.querySelectorAll('a[href*="evil"], img[src*="evil"], h1[id*="big"]')] : [])
  .map(element => element.outerHTML))
"""
NAMES = (
    "[log in](http://evil.example/1) ![i](http://evil.example/2)",
    "<a href=http://evil.example/3>log in</a> <img src=http://evil.example/4>",
    "# big http://evil.example/5 <http://evil.example/6>",
)


async def test_names_are_text_in_the_ui_and_in_the_terminal(
    deployment: Deployment, temporal: Client, temporal_server: TemporalServer, tmp_path: Path
) -> None:
    await deployment.migrate()
    deployment.start("serve")
    source = {"sourceType": "audio_file", "storageKey": "gone"}
    jobs = [await deployment.app.submit("ingest", {**source, "originalFilename": name}) for name in (*NAMES, HOSTILE)]
    jobs.append(await deployment.app.submit("ingest", json.dumps(HOSTILE)))
    for job_id in jobs:
        await deployment.app.finished(job_id)

    async with open_browser(tmp_path) as page:
        await page.resize(1400, 1800)
        for name, job_id in zip(NAMES, jobs, strict=False):
            workflow_id = await deployment.app.workflow_id(job_id)
            await page.open(await timeline_page(temporal, temporal_server.ui_url, workflow_id))
            await page.shows("audioprep.fetch_source")
            assert json.loads(await page.evaluate(ACTIVE)) == []
            await page.open(await metadata_page(temporal, temporal_server.ui_url, workflow_id))
            told = await page.shows(f"ingest · audio_file · {name}", "failed in ", ": There is no object ")
            assert "files: " not in told
            assert json.loads(await page.evaluate(ACTIVE)) == []

    logged, escaped, shown = await asyncio.gather(
        asyncio.to_thread(run_in_terminal, tmp_path, deployment.env, "logs", jobs[3]),
        asyncio.to_thread(run_in_terminal, tmp_path, deployment.env, "logs", jobs[0]),
        asyncio.to_thread(run_in_terminal, tmp_path, deployment.env, "doctor", jobs[4]),
    )
    assert "evil?]52;c;cHduZWQ=?" in logged
    assert f"audio_file · {NAMES[0]}" in escaped
    assert [steering(written) for written in (logged, escaped, shown)] == [[], [], []]
