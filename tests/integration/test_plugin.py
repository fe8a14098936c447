"""Somebody else's client and worker, which know of us only the plugin."""

import uuid
from datetime import timedelta
from pathlib import Path

import pytest
from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.worker import Replayer, Worker

from audioprep.jobs.request import JobRequest
from audioprep.jobs.types.asset import AssetMetadata
from audioprep.jobs.types.ingest import IngestPayload, IngestResult, SourceType
from audioprep.plugin import AudioPrepPlugin
from audioprep.settings import Settings
from tests.conftest import TemporalServer
from tests.support.audio import make_audio
from tests.support.site import open_site
from tests.support.storage import local_place


@activity.defn
async def shout(text: str) -> str:
    return text.upper()


@workflow.defn(sandboxed=False)
class Theirs:
    """A workflow of somebody else's, which uses one of ours as its child."""

    @workflow.run
    async def run(self, request: JobRequest[IngestPayload]) -> str:
        child = await workflow.execute_child_workflow("AudioprepIngest", request, result_type=IngestResult)
        name = child.metadata.original_filename
        return await workflow.execute_activity(shout, name, start_to_close_timeout=timedelta(seconds=10))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    settings = Settings().local(tmp_path)
    settings.network = settings.network.model_copy(update={"allow_private_urls": True})
    return settings


async def test_a_foreign_worker_runs_our_workflows_beside_its_own(
    temporal_server: TemporalServer, settings: Settings, tmp_path: Path
) -> None:
    make_audio(tmp_path / "site" / "tone.mp3", 1)
    client = await Client.connect(temporal_server.address, plugins=[AudioPrepPlugin(settings)])
    queue = f"theirs-{uuid.uuid4()}"

    async with open_site(tmp_path / "site") as site:
        source = IngestPayload(source_type=SourceType.URL, url=site.url("file/tone.mp3"))
        request = JobRequest[IngestPayload](job_id=queue, type="ingest", payload=source)
        async with Worker(client, task_queue=queue, workflows=[Theirs], activities=[shout]):
            loud = await client.execute_workflow(Theirs.run, request, id=queue, task_queue=queue)
            scratch = list((tmp_path / "work" / "scratch").iterdir())

    assert loud == "TONE.MP3"
    (folder,) = local_place(tmp_path / "storage").folder.glob("assets/*")
    metadata = AssetMetadata.model_validate_json((folder / "metadata.json").read_bytes())
    assert (round(metadata.audio.duration), metadata.audio.codec) == (1, "mp3")
    assert len(scratch) == 1
    assert list((tmp_path / "work" / "scratch").iterdir()) == [], "the scratch folder goes with the worker"


async def test_the_plugin_brings_our_workflows_to_a_replayer(settings: Settings) -> None:
    replayer = Replayer(workflows=[Theirs], plugins=[AudioPrepPlugin(settings)])

    names = {workflow.__name__ for workflow in replayer.config(active_config=True)["workflows"]}

    assert names >= {"Theirs", "IngestWorkflow", "PreviewWorkflow", "SaveWorkflow", "PlaylistWorkflow"}
