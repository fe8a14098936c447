"""Temporal plugin: audioprep on a client and worker of your own, in one line.

plugin = AudioPrepPlugin()
client = await Client.connect("localhost:7233", plugins=[plugin])
worker = Worker(client, task_queue="mine", workflows=[MyWorkflow])
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from datetime import timedelta
from functools import cached_property
from typing import Any, Final

from temporalio.client import Client
from temporalio.converter import DataConverter
from temporalio.plugin import SimplePlugin
from temporalio.worker import Worker, WorkerConfig

from audioprep.activities.attempt.interceptor import StepInterceptor
from audioprep.activities.delete import DeleteActivities
from audioprep.activities.ingest import IngestActivities
from audioprep.activities.loudness_report import LoudnessReportActivities
from audioprep.activities.playlist import PlaylistActivities
from audioprep.activities.preview import PreviewActivities
from audioprep.activities.render.loudness import LoudnessTarget
from audioprep.activities.resources import ActivityResources
from audioprep.activities.save import SaveActivities
from audioprep.activities.webhooks import WebhookActivities
from audioprep.encryption.payload_codec import data_converter
from audioprep.extension import Extension
from audioprep.heartbeat import OWN_SERVER, heartbeat_interval, is_cloud
from audioprep.jobs.request import downloads_queue
from audioprep.settings import Settings
from audioprep.worker_resources import WorkerResources, webhook_receiver
from audioprep.workflows.delete import DeleteWorkflow
from audioprep.workflows.ingest import IngestWorkflow
from audioprep.workflows.lock import Lock
from audioprep.workflows.playlist import PlaylistWorkflow
from audioprep.workflows.preview import PreviewWorkflow
from audioprep.workflows.save import SaveWorkflow
from audioprep.workflows.storage_prefix import StoragePrefixInterceptor
from audioprep.workflows.webhook import WebhookWorkflow

WORKFLOWS: Final = (
    IngestWorkflow,
    PreviewWorkflow,
    SaveWorkflow,
    PlaylistWorkflow,
    DeleteWorkflow,
    WebhookWorkflow,
    Lock,
)


class AudioPrepPlugin(SimplePlugin):
    """Our workflows, activities, data converter and interceptors.

    Give it to the client: its workers have it from there. Beside each of them a second one serves the queue of
    downloads. Storage, cache and scratch folder are as `settings` say, which are read from the environment if there
    are none; scratch files go when the last worker has stopped.
    """

    def __init__(self, settings: Settings | None = None, extensions: Sequence[Extension] = ()) -> None:
        self._settings = settings or Settings()
        self._extensions = extensions
        self.steps = StepInterceptor(StoragePrefixInterceptor)
        self.worker_commands = False  # whether cancels reach a worker without a heartbeat; set once the server is known
        self.heartbeat_interval = OWN_SERVER  # of the last worker
        super().__init__(
            "audioprep",
            data_converter=self._with_our_converter,
            interceptors=[self.steps],
            workflows=[*WORKFLOWS, *(workflow for extension in extensions for workflow in extension.workflows)],
            activities=self._with_ours,
        )

    @property
    def resources(self) -> ActivityResources:
        """For activities of your own: `Worker(..., activities=[MyActivities(plugin.resources).listen])`.

        Raises ValueError when the storage's URL is none.
        """
        return self._workshop.resources

    def configure_worker(self, config: WorkerConfig) -> WorkerConfig:
        """Adds what is ours, and lets heartbeats through as often as the settings say, or as suits the server.

        The SDK holds them back, by default for up to 80 % of the heartbeat timeout.
        """
        config = super().configure_worker(config)
        self.heartbeat_interval = heartbeat_interval(
            self._settings.worker.heartbeat_interval,
            cloud=is_cloud(config["client"].service_client.config.target_host),
            worker_commands=self.worker_commands,
        )
        throttle = timedelta(seconds=self.heartbeat_interval)
        for key in ("max_heartbeat_throttle_interval", "default_heartbeat_throttle_interval"):
            config[key] = min(config[key], throttle)
        return config

    async def run_worker(self, worker: Worker, next: Callable[[Worker], Awaitable[None]]) -> None:  # noqa: A002
        """Run `worker`, and beside it one for the downloads; both have the same scratch folder."""
        downloads = _for_downloads(worker, self._settings.worker.download_slots)
        with self._workshop.opened():
            await _run_together({worker: super().run_worker(worker, next), downloads: downloads.run()})

    @cached_property
    def _workshop(self) -> WorkerResources:
        """Made when first needed: a client alone has no use for it."""
        return WorkerResources(self._settings)

    def _with_our_converter(self, theirs: DataConverter | None) -> DataConverter:
        ours = self._settings.temporal
        return data_converter(ours.payload_keys, theirs or DataConverter.default, strict=ours.encrypted_only)

    def _with_ours(self, theirs: Sequence[Callable[..., Any]] | None) -> list[Callable[..., Any]]:
        target = LoudnessTarget(lufs=self._settings.worker.target_lufs, true_peak=self._settings.worker.true_peak)
        ingest = IngestActivities(self.resources)
        playlists = PlaylistActivities(self.resources)
        preview = PreviewActivities(self.resources, target)
        save = SaveActivities(self.resources, target, self._settings.worker.aac_kbps, self._settings.retention.previews)
        return [
            *(theirs or ()),
            *(ingest.fetch_source, ingest.analyze, ingest.publish_asset, ingest.discard_asset),
            *(preview.find_preview, preview.render_preview),
            *(save.measure, save.render, save.render_outputs, save.publish),
            LoudnessReportActivities(self.resources).report_loudness,
            *(playlists.expand_playlist, playlists.find_entries),
            DeleteActivities(self.resources).delete_assets,
            WebhookActivities(webhook_receiver(self._settings)).deliver_webhook,
            *(activity for extension in self._extensions for activity in extension.activities(self.resources)),
        ]


async def _run_together(runs: Mapping[Worker, Coroutine[Any, Any, None]]) -> None:
    """Run workers until one ends or the caller is cancelled, then shut all of them down at once.

    A second cancellation ends them without waiting for Temporal. Raises what ended a worker.
    """
    running = [asyncio.create_task(run) for run in runs.values()]
    try:
        await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
    finally:
        shutdowns = [asyncio.create_task(worker.shutdown()) for worker in runs]
        try:
            await asyncio.wait(running)
        finally:
            for task in (*running, *shutdowns):
                task.cancel()
    for error in [task.exception() for task in running]:
        if error is not None:
            raise error


def _for_downloads(worker: Worker, slots: int) -> Worker:
    """A worker like this one, in everything that is set for it, but for the steps that visit strangers' sites."""
    config = worker.config(active_config=True)
    config["client"] = _without_plugins(worker.client)
    config |= {"task_queue": downloads_queue(worker.task_queue), "workflows": [], "plugins": []}
    config |= {"max_concurrent_activities": slots, "tuner": None, "nexus_service_handlers": []}
    return Worker(**config)


def _without_plugins(client: Client) -> Client:
    """The same connection as the plugins have left it; a worker made from it does not apply them again."""
    config = client.config(active_config=True)
    config["plugins"] = []
    return Client(**config)
