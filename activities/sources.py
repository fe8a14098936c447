"""Source types: one way to fetch each."""

import asyncio

from temporalio import activity

from audioprep.activities.attempt.context import AttemptContext
from audioprep.activities.attempt.files import DownloadedFile
from audioprep.activities.download.http_download import Downloader
from audioprep.activities.resources import ActivityResources
from audioprep.activities.ytdlp.client import YtDlp
from audioprep.jobs import keys
from audioprep.jobs.text.hosts import site_of
from audioprep.jobs.types.ingest import IngestPayload, SourceType


class Sources:
    """Brings any source to disk, within the limits."""

    def __init__(self, resources: ActivityResources) -> None:
        self._resources = resources
        self._downloader = Downloader(resources.network.policy, resources.limits)
        self._ytdlp = YtDlp(resources.network, resources.limits)

    async def fetch(self, source: IngestPayload, step: AttemptContext) -> DownloadedFile:
        """The source as a file in the step's scratch folder, as it came: audio or video."""
        match source.source_type:
            case SourceType.URL:
                return await self._visit(self._downloader, source, step)
            case SourceType.YOUTUBE:
                return await self._visit(self._ytdlp, source, step)
            case SourceType.AUDIO_FILE | SourceType.VIDEO_FILE:
                return await self._uploaded(source, step)

    async def _visit(self, way: Downloader | YtDlp, source: IngestPayload, step: AttemptContext) -> DownloadedFile:
        url = source.url or ""
        async with self._resources.host_limiter.slot(site_of(url)):
            return await _counted(source, await way.fetch(url, step))

    async def _uploaded(self, source: IngestPayload, step: AttemptContext) -> DownloadedFile:
        key = keys.checked_upload(source.storage_key or "", self._resources.upload_folders)
        found = await self._resources.storage.find(key)
        self._resources.limits.check_size(found.size)
        return DownloadedFile(await self._resources.fetch(found, "source", step), key.rsplit("/", 1)[-1])


async def _counted(source: IngestPayload, fetched: DownloadedFile) -> DownloadedFile:
    """What came from outside, for Prometheus."""
    meter = activity.metric_meter().with_additional_attributes({"source": source.source_type.value})
    size = (await asyncio.to_thread(fetched.path.stat)).st_size
    meter.create_counter("audioprep_downloaded_bytes", "Bytes of sources that were downloaded").add(size)
    return fetched
