"""The worker: our workflows and activities on one task queue, set up for long child processes and quick cancels."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Final

from temporalio.client import Client
from temporalio.common import VersioningBehavior, WorkerDeploymentVersion
from temporalio.worker import PollerBehaviorSimpleMaximum, Worker, WorkerDeploymentConfig

from audioprep.activities.address_policy import AddressPolicy
from audioprep.activities.cache import ObjectCache
from audioprep.activities.ingest import IngestActivities
from audioprep.activities.interceptor import StepInterceptor
from audioprep.activities.limits import MediaLimits
from audioprep.activities.loudness import LoudnessTarget
from audioprep.activities.network import NetworkRules
from audioprep.activities.playlist import PlaylistActivities
from audioprep.activities.preview import PreviewActivities
from audioprep.activities.resources import Resources
from audioprep.activities.save import SaveActivities
from audioprep.activities.scratch import open_scratch
from audioprep.activities.storage import Storage
from audioprep.settings import Settings, VersionSettings
from audioprep.version import __version__
from audioprep.workflows.ingest import IngestWorkflow
from audioprep.workflows.playlist import PlaylistWorkflow
from audioprep.workflows.preview import PreviewWorkflow
from audioprep.workflows.save import SaveWorkflow
from audioprep.workflows.turn import Turn

WORKFLOWS: Final = (IngestWorkflow, PreviewWorkflow, SaveWorkflow, Turn, PlaylistWorkflow)

_MB = 1024 * 1024


@contextmanager
def open_resources(settings: Settings) -> Iterator[Resources]:
    """Storage, cache and scratch folder as the settings say."""
    storage = Storage.open(settings.storage.storage_url)
    work_dir = settings.storage.work_dir.absolute()
    with open_scratch(work_dir / "scratch") as scratch:
        yield Resources(
            storage=storage,
            cache=ObjectCache(work_dir / "cache", storage, settings.storage.cache_mb * _MB),
            limits=MediaLimits(
                max_bytes=int(settings.worker.max_file_mb * _MB),
                max_seconds=settings.worker.max_minutes * 60,
                max_output_bytes=int(settings.worker.max_output_mb * _MB),
            ),
            network=NetworkRules(
                AddressPolicy(allow_private=settings.network.allow_private_urls), settings.network.allowed_hosts
            ),
            scratch_root=scratch,
        )


def build_worker(client: Client, settings: Settings, resources: Resources) -> Worker:
    """A worker that is not running yet."""
    ingest = IngestActivities(resources)
    preview = PreviewActivities(resources)
    target = LoudnessTarget(lufs=settings.worker.target_lufs, true_peak=settings.worker.true_peak)
    save = SaveActivities(resources, target)
    deployment = _deployment(settings.version)
    # The SDK holds heartbeats back, by default for up to 80 % of the heartbeat timeout, and a cancel arrives with one.
    throttle = timedelta(seconds=settings.worker.heartbeat_interval)
    playlist = PlaylistActivities(resources)
    return Worker(
        client,
        task_queue=settings.temporal.task_queue,
        workflows=WORKFLOWS,
        activities=[
            *(ingest.fetch_source, ingest.analyze, ingest.publish_asset),
            *(preview.find_preview, preview.render_preview),
            *(save.measure, save.render, save.publish),
            playlist.expand_playlist,
        ],
        deployment_config=deployment,
        # Left to itself the SDK makes a build id of the code of every module loaded, which takes it over a second.
        build_id=None if deployment else __version__,
        interceptors=[StepInterceptor()],
        graceful_shutdown_timeout=timedelta(seconds=settings.worker.drain_grace),
        max_concurrent_activities=settings.worker.activity_slots,
        max_heartbeat_throttle_interval=throttle,
        default_heartbeat_throttle_interval=throttle,
        # Measured: with the defaults, bursts of short jobs wait for a poller of the non-sticky queue.
        workflow_task_poller_behavior=PollerBehaviorSimpleMaximum(20),
        nonsticky_to_sticky_poll_ratio=0.5,
    )


def _deployment(version: VersionSettings) -> WorkerDeploymentConfig | None:
    """With a version set, each running job stays on the version that began it."""
    if version.deployment is None or version.build_id is None:
        return None
    return WorkerDeploymentConfig(
        version=WorkerDeploymentVersion(version.deployment, version.build_id),
        use_worker_versioning=True,
        default_versioning_behavior=VersioningBehavior.PINNED,
    )
