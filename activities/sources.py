"""Source types: one way to fetch each."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

from temporalio import activity

from audioprep.activities.attempt.context import AttemptContext
from audioprep.activities.attempt.files import DownloadedFile
from audioprep.activities.download.http_download import Downloader
from audioprep.activities.ffmpeg.command import input_options
from audioprep.activities.ffmpeg.containers import form_of
from audioprep.activities.ffmpeg.probe import Probe, probe
from audioprep.activities.ffmpeg.run import run_ffmpeg
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
        url = source.url or ""
        match source.source_type:
            case SourceType.URL:
                return await self._remote(lambda: self._downloader.fetch(url, step), source, step)
            case SourceType.YOUTUBE:
                language = source.audio_language
                return await self._remote(lambda: self._ytdlp.fetch(url, step, language), source, step)
            case SourceType.AUDIO_FILE | SourceType.VIDEO_FILE:
                return await self._uploaded(source, step)

    async def _remote(
        self, fetch: Callable[[], Awaitable[DownloadedFile]], source: IngestPayload, step: AttemptContext
    ) -> DownloadedFile:
        async with self._resources.host_limiter.slot(site_of(source.url or "")):
            fetched = await _counted(source, await fetch())
        probed = await probe(fetched.path, step.scratch)
        await self._check_length(fetched.path, probed, step)
        return await _named(fetched, probed)

    async def _check_length(self, path: Path, probed: Probe, step: AttemptContext) -> None:
        """Raises PermanentError for a recording that is too long, before it is stored and decoded.

        What its container says is no proof: packets are counted, which takes no decoding.
        """
        if (probed.duration or 0.0) <= self._resources.limits.max_seconds:
            return
        packets = [*input_options(path), "-map", f"0:{probed.stream_index}", "-c", "copy", "-f", "null", "-"]
        run = await run_ffmpeg(packets, lambda _: step.keep_alive(), None, step.scratch)
        self._resources.limits.check_duration(min(run.seconds, probed.duration or 0.0))

    async def _uploaded(self, source: IngestPayload, step: AttemptContext) -> DownloadedFile:
        key = keys.checked_upload(source.storage_key or "", self._resources.upload_folders)
        found = await self._resources.storage.stat(key)
        self._resources.limits.check_size(found.size)
        path = await self._resources.fetch(found, "source", step)
        return DownloadedFile(path, key.rsplit("/", 1)[-1], upload_version=found.version)


async def _named(fetched: DownloadedFile, probed: Probe) -> DownloadedFile:
    """With the extension of what the file is: yt-dlp's may be `.bin`, or `.mp4` for sound alone."""
    if not fetched.titled or probed.has_video:
        return fetched
    title = fetched.name.rpartition(".")[0]
    return replace(fetched, name=f"{title}.{(await form_of(fetched.path, probed)).extension}")


async def _counted(source: IngestPayload, fetched: DownloadedFile) -> DownloadedFile:
    """What came from outside, for Prometheus."""
    meter = activity.metric_meter().with_additional_attributes({"source": source.source_type.value})
    size = (await asyncio.to_thread(fetched.path.stat)).st_size
    meter.create_counter("audioprep_downloaded_bytes", "Bytes of sources that were downloaded").add(size)
    return fetched
