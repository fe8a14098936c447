"""The Temporal worker of `audioprep worker`: set up for long child processes and bursts of short jobs."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

from temporalio.client import Client
from temporalio.common import VersioningBehavior, WorkerDeploymentVersion
from temporalio.worker import PollerBehaviorSimpleMaximum, Worker, WorkerDeploymentConfig

from audioprep.settings import Settings
from audioprep.settings.deployment import VersionSettings
from audioprep.version import __version__


def build_worker(
    client: Client,
    settings: Settings,
    on_fatal_error: Callable[[BaseException], Awaitable[None]] | None = None,
) -> Worker:
    """A worker that is not running yet. `client` carries our plugin, and with it all that the worker serves."""
    deployment = _deployment(settings.version)
    return Worker(
        client,
        task_queue=settings.temporal.task_queue,
        deployment_config=deployment,
        on_fatal_error=on_fatal_error,
        # Left to itself the SDK makes a build id of the code of every module loaded, which takes it over a second.
        build_id=None if deployment else __version__,
        graceful_shutdown_timeout=timedelta(seconds=settings.worker.drain_grace),
        max_concurrent_activities=settings.worker.activity_slots,
        disable_eager_activity_execution=True,  # it would go past the queue, and so past priorities
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
