"""The Temporal UI tells a job's story to who opens no payload: read from the page itself, by a real browser."""

from pathlib import Path

from temporalio.client import Client

from audioprep.jobs import keys
from tests.conftest import TemporalServer
from tests.support.audio import make_audio
from tests.support.browser import open_browser
from tests.support.deployment import Deployment
from tests.support.programs import slow_ffmpeg
from tests.support.ui import metadata_page, timeline_page


async def test_the_pages_of_a_running_job_say_what_it_does_to_what_and_within_which_limits(
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
            f"files: in {asset}: original.*, peaks.json, waveform.png, metadata.json",
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
