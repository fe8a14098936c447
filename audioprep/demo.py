"""The demo: the whole stack on this machine, one real job from row to result, and a clean stop."""

import asyncio
import json
import uuid
import wave
from pathlib import Path
from urllib.parse import quote

import numpy as np
from rich.console import Console

from audioprep.activities.storage.store import Storage
from audioprep.bridge.store.database import open_database
from audioprep.bridge.store.identity import read_identity
from audioprep.bridge.store.store import JobStore
from audioprep.dev.server import dev_server
from audioprep.jobs import keys
from audioprep.jobs.job import Job, NewJob
from audioprep.jobs.request import workflow_id_for
from audioprep.jobs.status import JobStatus
from audioprep.jobs.timestamps import utc_now
from audioprep.roles import run_both, worker_plugin
from audioprep.settings import Settings

_RATE = 44100
_SECONDS = 240
_DEADLINE = 600.0  # seconds for the job
_POLL_INTERVAL = 0.05  # seconds


async def run_demo(settings: Settings, folder: Path, file: Path | None, console: Console) -> None:
    """Ingest `file`, or a made-up recording, and print what happens to the row. Raises RuntimeError if it fails."""
    if file is None:
        file = folder / "demo.wav"
        await asyncio.to_thread(make_recording, file)
    async with dev_server(folder / "temporal", worker_plugin(settings)) as server:
        console.print(f"Temporal UI  {server.ui_url}", highlight=False)
        roles = asyncio.create_task(run_both(settings, server.client), name="worker and bridge")
        try:
            job, workflow_id = await _ingest(settings, file, console)
            page = f"{server.ui_url}/namespaces/default/workflows/{quote(workflow_id, safe='')}"
            console.print(f"workflow     {page}", highlight=False, soft_wrap=True)
        finally:
            roles.cancel()
            await asyncio.wait({roles})
    if job.status is not JobStatus.COMPLETE:
        raise RuntimeError(f"The demo's job ended {job.status}: {job.error}")
    console.print_json(job.result or "{}")
    _print_artefacts(settings, job, console)


def make_recording(path: Path) -> None:
    """A stereo WAV whose loudness swells and falls, so that its picture shows something."""
    path.parent.mkdir(parents=True, exist_ok=True)
    time = np.arange(_RATE * _SECONDS, dtype=np.float32) / _RATE
    swell = 0.5 + 0.45 * np.sin(2 * np.pi * time / 30) * np.sin(2 * np.pi * time / 7)
    left = swell * np.sin(2 * np.pi * 220 * time)
    right = swell * np.sin(2 * np.pi * 330 * time)
    samples = (np.stack([left, right], axis=1) * 32767).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(_RATE)
        file.writeframes(samples.tobytes())


async def _ingest(settings: Settings, file: Path, console: Console) -> tuple[Job, str]:
    """Put the row in, and print it whenever it changes, until it is final. The row, and the id of its workflow."""
    job_id = str(uuid.uuid4())
    key = f"uploads/{job_id}/{file.name}"
    await Storage.open(settings.storage.storage_url).upload(file, keys.checked(key))
    metadata = {"sourceType": "audio_file", "storageKey": key, "originalFilename": file.name}
    async with open_database(settings.database.database_url) as database, asyncio.timeout(_DEADLINE):
        store = JobStore(database)
        await store.migrate()
        await store.insert(NewJob(job_id, "ingest", metadata, utc_now()))
        last = ""
        while True:
            job = await store.get(job_id)
            if job is None:
                raise RuntimeError("The demo's row is gone.")
            line = f"{job.status:<10} {job.stage or '-':<12} {job.progress:5.1f} %"
            if line != last:
                console.print(f"{job.updated_at}  {line}", highlight=False)
                last = line
            if job.status.is_final:
                identity = await read_identity(database, settings.database.database_url)
                return job, workflow_id_for(job_id, identity.table_id if identity else "")
            await asyncio.sleep(_POLL_INTERVAL)


def _print_artefacts(settings: Settings, job: Job, console: Console) -> None:
    asset_id = json.loads(job.result or "{}")["assetId"]
    root = Path(settings.storage.storage_url.removeprefix("file:"))
    for path in sorted((root / "assets" / asset_id).iterdir()):
        console.print(f"{path.stat().st_size:>12,} bytes  {path}", highlight=False, soft_wrap=True)
