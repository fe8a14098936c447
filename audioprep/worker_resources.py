"""Resources of a worker process, as the settings say, and its scratch directory."""

import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from audioprep.activities.attempt.media_limits import MediaLimits
from audioprep.activities.attempt.scratch import open_scratch
from audioprep.activities.download.address_policy import AddressPolicy, NetworkRules
from audioprep.activities.download.exits.guard import SiteGuard
from audioprep.activities.download.host_limiter import HostLimiter
from audioprep.activities.process.memory import fitting_runs, memory_limit
from audioprep.activities.resources import ActivityResources
from audioprep.activities.storage.cache import ObjectCache
from audioprep.activities.storage.prefixed import PrefixedStorage
from audioprep.activities.webhooks import Receiver
from audioprep.settings import Settings

_MB = 1024 * 1024


class WorkerResources:
    """Storage, cache and limits are there at once; the scratch folder only while a worker runs.

    Raises ValueError when the storage's URL is none.
    """

    def __init__(self, settings: Settings) -> None:
        work_dir = settings.storage.work_dir.absolute()
        storage = PrefixedStorage(settings.storage.storage_url)
        self._scratch = work_dir / "scratch" / f"worker-{uuid.uuid4().hex[:12]}"
        self._open = ExitStack()
        self._workers = 0
        self.resources = ActivityResources(
            storage=storage,
            cache=ObjectCache(work_dir / "cache", storage, settings.storage.cache_mb * _MB),
            limits=MediaLimits(
                max_bytes=int(settings.worker.max_file_mb * _MB),
                max_seconds=settings.worker.max_minutes * 60,
                max_entries=settings.worker.max_entries,
                max_output_bytes=int(settings.worker.max_output_mb * _MB),
                min_rate=settings.network.min_download_rate,
            ),
            network=NetworkRules(
                AddressPolicy(allow_private=settings.network.allow_private_urls),
                settings.network.allowed_hosts,
                settings.sites.site_retry_delay,
                settings.sites.access(work_dir),
                SiteGuard(
                    settings.sites.site_pause,
                    settings.worker.ytdlp_runs or fitting_runs(memory_limit(), settings.worker.activity_slots),
                ),
            ),
            host_limiter=HostLimiter(settings.worker.downloads_per_host, settings.worker.download_interval),
            scratch_root=self._scratch,
            upload_folders=settings.storage.upload_folders,
        )

    @contextmanager
    def opened(self) -> Iterator[ActivityResources]:
        """Work may be done while the block lasts. Workers of one process share the folder: the last one removes it."""
        if not self._workers:
            self._open.enter_context(open_scratch(self._scratch))
        self._workers += 1
        try:
            yield self.resources
        finally:
            self._workers -= 1
            if not self._workers:
                self._open.close()


def webhook_receiver(settings: Settings, url: str | None = None) -> Receiver | None:
    """Where webhooks go: to `url`, or else to that of the settings; None without either."""
    ours = settings.webhooks
    where = url or (ours.url.get_secret_value() if ours.url else None)
    return Receiver(where, ours.secrets, AddressPolicy(allow_private=ours.allow_private)) if where else None
