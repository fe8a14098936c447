"""Runs each job type on the real parts and keeps its history: `python -m tests.histories.record`."""

import asyncio
import json
import sys
import tempfile
import uuid
from pathlib import Path

from temporalio.client import Client
from temporalio.service import RPCError

from tests.support import processes
from tests.support.activities import clip_of, recipe_of
from tests.support.audio import make_audio
from tests.support.children import child_of
from tests.support.deployment import Deployment
from tests.support.fake_programs import slow_ffmpeg
from tests.support.processes import ROOT
from tests.support.receiver import open_receiver
from tests.support.site import Site, open_site
from tests.support.storage import local_place
from tests.support.waiting import eventually

FOLDER = Path(__file__).parent


async def main(folder: Path) -> None:
    """Record every history into this folder."""
    database, database_url = processes.sqld(folder)
    temporal, address, ui_url = processes.temporal(folder)
    with processes.running(database), processes.running(temporal):
        processes.wait_for_http(f"{database_url}/health", database)
        processes.wait_for_http(ui_url, temporal)
        deployment = Deployment(folder, database_url, address, local_place(folder / "storage"))
        await deployment.migrate()
        deployment.extra |= {"AUDIOPREP_ALLOW_PRIVATE_URLS": "1", "AUDIOPREP_YTDLP_HOSTS": "*"}
        deployment.extra["AUDIOPREP_DOWNLOADS_PER_HOST"] = "1"
        make_audio(folder / "site" / "one.mp3", 3)
        try:
            async with open_site(folder / "site") as site, open_receiver() as receiver:
                deployment.extra |= receiver.env
                receiver.answers = [500]
                await _record_all(deployment, await Client.connect(address), site)
        finally:
            deployment.stop()


async def _record_all(deployment: Deployment, client: Client, site: Site) -> None:
    tone = make_audio(deployment.folder / "tone.flac", 30, "-ac", "2", "-ar", "44100")
    deployment.upload(tone, "uploads/tone.flac")
    asset = str(uuid.UUID(int=7))
    deployment.upload(tone, f"assets/{asset}/original.flac")
    ingest = {"sourceType": "audio_file", "storageKey": "uploads/tone.flac"}
    recipe = recipe_of(clip_of(asset, 1, 5))
    serve = deployment.start("serve")
    jobs = {
        "ingest": ("ingest", ingest),
        "ingest-failed": ("ingest", ingest | {"storageKey": "uploads/none.flac"}),
        "ingest-url": ("ingest", {"sourceType": "url", "url": site.url("file/one.mp3")}),
        "ingest-retried": ("ingest", ingest | {"retryOf": "first"}),
        "playlist": ("playlist", {"url": site.url("feed/file+one.mp3,status+404+gone.mp3,file+one.mp3")}),
        "preview": ("preview", {"recipe": recipe, "recipeHash": "h"}),
        "save": ("save", {"recipe": recipe}),
        "save-normalized": ("save", {"recipe": recipe | {"normalize": True}}),
        "save-outputs": ("save", {"recipe": recipe | {"outputs": [{"format": "flac"}, {"format": "mp3"}]}}),
        "delete": ("delete", {"assetIds": [asset]}),
    }
    for name, (job_type, metadata) in jobs.items():
        job_id = await deployment.app.submit(job_type, metadata)
        await deployment.app.finished(job_id)
        await _keep(deployment, client, job_id, name)
        if name == "ingest":
            await _keep_delivery(deployment, client, job_id)
    await _keep(deployment, client, await _turned_away(deployment, site), "ingest-url-turn")
    serve.stop()
    deployment.extra["PATH"] = slow_ffmpeg(deployment.folder / "bin")
    serve = deployment.start("serve")
    job_id = await deployment.app.submit("ingest", ingest)
    await child_of(serve.pid, "readrate")
    await deployment.app.cancel(job_id)
    await deployment.app.acknowledged(job_id)
    await _keep(deployment, client, job_id, "ingest-cancelled")


async def _turned_away(deployment: Deployment, site: Site) -> str:
    """An ingest that had to wait for its turn at a site."""
    slow = {"sourceType": "url", "url": site.url("slow/one.mp3")}
    first = await deployment.app.submit("ingest", slow)
    await deployment.app.until(first, "processing", stage="downloading")
    job_id = await deployment.app.submit("ingest", slow)
    await deployment.app.finished(job_id)
    return job_id


async def _keep_delivery(deployment: Deployment, client: Client, job_id: str) -> None:
    """The delivery of the job's webhook, which the receiver accepts at the second attempt."""
    workflow_id = f"audioprep-webhook-{await deployment.app.table_id()}-{job_id}"
    await eventually(lambda: _closed(client, workflow_id), what="the delivery's end")
    await _keep_workflow(client, workflow_id, "webhook")


async def _closed(client: Client, workflow_id: str) -> bool:
    try:
        return (await client.get_workflow_handle(workflow_id).describe()).close_time is not None
    except RPCError:  # not begun
        return False


async def _keep(deployment: Deployment, client: Client, job_id: str, name: str) -> None:
    await _keep_workflow(client, await deployment.app.workflow_id(job_id), name)


async def _keep_workflow(client: Client, workflow_id: str, name: str) -> None:
    history = await client.get_workflow_handle(workflow_id).fetch_history()
    text = json.dumps(json.loads(history.to_json()), indent=1)
    text = text.replace(f"{ROOT}/", "").replace(f"{sys.base_prefix}/", "")  # stack traces name this machine's folders
    (FOLDER / f"{name}.json").write_text(text + "\n")
    print(f"{name:<20} {len(history.events):>3} events")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="audioprep-histories-") as temporary:
        asyncio.run(main(Path(temporary)))
