"""An ingest that does not finish leaves nothing in storage, whenever it ends."""

import asyncio
import uuid

import pytest
from temporalio import activity
from temporalio.client import Client, WorkflowFailureError, WorkflowHandle
from temporalio.worker import Worker

from audioprep.activities.ingest import IngestActivities
from audioprep.activities.ingest_steps import FetchSourceInput, Original
from audioprep.jobs.errors import ErrorKind, JobError, PermanentError, TransientError
from audioprep.jobs.keys import asset_id_for
from audioprep.jobs.request import JobRequest
from audioprep.jobs.types.ingest import IngestPayload, IngestResult, SourceType
from audioprep.workflows.ingest import IngestWorkflow
from tests.support.activities import Studio

AWAY = TransientError(ErrorKind.STORAGE, "Storage is away.")
REFUSED = PermanentError(ErrorKind.UNSUPPORTED_MEDIA, "It is no audio.")
SOURCE = IngestPayload(source_type=SourceType.AUDIO_FILE, storage_key="uploads/a.wav")


class Steps:
    """The first two steps of an ingest: one stores an original, the other fails."""

    def __init__(self, studio: Studio, error: JobError) -> None:
        self._studio = studio
        self._error = error
        self.failing = asyncio.Event()

    @activity.defn(name="audioprep.fetch_source")
    async def fetch_source(self, order: FetchSourceInput) -> Original:
        folder = self._studio.asset(order.asset_id)
        folder.mkdir(parents=True)
        (folder / "original.wav").write_bytes(b"RIFF")
        return Original(asset_id=order.asset_id, key=f"assets/{order.asset_id}/original.wav", original_filename="a")

    @activity.defn(name="audioprep.analyze")
    async def analyze(self, original: Original) -> None:
        self.failing.set()
        raise self._error


@pytest.mark.parametrize(
    ("error", "attempts", "seconds", "cancelled", "kind"),
    [
        pytest.param(REFUSED, 3, 60, False, "UnsupportedMedia", id="permanent error: removed"),
        pytest.param(AWAY, 1, 60, False, "Storage", id="last attempt: removed"),
        pytest.param(AWAY, 3, 60, True, None, id="cancelled between two attempts: removed"),
        pytest.param(AWAY, 3, 1, False, "TimedOut", id="time is up between two attempts: removed"),
    ],
)
async def test_an_ingest_that_does_not_finish_leaves_nothing(
    studio: Studio, temporal: Client, error: JobError, attempts: int, seconds: float, cancelled: bool, kind: str | None
) -> None:
    steps = Steps(studio, error)
    request = JobRequest[IngestPayload](
        job_id=str(uuid.uuid4()),
        table_id="0123456789ab",
        type="ingest",
        payload=SOURCE,
        timeout_seconds=seconds,
        max_attempts=attempts,
        first_delay_seconds=60,
    )
    activities = [steps.fetch_source, steps.analyze, IngestActivities(studio.resources).discard_asset]
    async with Worker(temporal, task_queue=request.job_id, workflows=[IngestWorkflow], activities=activities):
        handle: WorkflowHandle[IngestWorkflow, IngestResult] = await temporal.start_workflow(
            IngestWorkflow.run, request, id=request.workflow_id, task_queue=request.job_id
        )
        await asyncio.wait_for(steps.failing.wait(), 20)

        if cancelled:
            await handle.cancel()
        with pytest.raises(WorkflowFailureError) as ended:
            await handle.result()

    assert kind_of(ended.value) == kind
    assert not list(studio.asset(asset_id_for(request.job_id, request.table_id)).glob("*"))


async def test_an_asset_that_is_finished_stays(studio: Studio) -> None:
    folder = studio.asset("a")
    folder.mkdir(parents=True)
    for name in ("original.wav", "metadata.json"):
        (folder / name).write_bytes(b"{}")

    await IngestActivities(studio.resources).discard_asset("a")

    assert {path.name for path in folder.iterdir()} == {"original.wav", "metadata.json"}


def kind_of(failure: BaseException) -> str | None:
    """The kind of the innermost error; None for a cancellation."""
    while failure.__cause__ is not None:
        failure = failure.__cause__
    return getattr(failure, "type", None)
