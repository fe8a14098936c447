"""Activity of a playlist: yt-dlp lists the entries of a URL."""

import asyncio
import hashlib

from pydantic import Field
from temporalio import activity

from audioprep.activities.resources import ActivityResources
from audioprep.activities.ytdlp.client import YtDlp
from audioprep.jobs import keys
from audioprep.jobs.payload import WireModel
from audioprep.jobs.status import JobStatus, Stage
from audioprep.jobs.text.hosts import site_of
from audioprep.jobs.text.wording import shown
from audioprep.jobs.types.asset import AssetMetadata, AudioMetadata, parse_asset
from audioprep.jobs.types.playlist import PlaylistItem, PlaylistOutcome, PlaylistPayload
from audioprep.jobs.types.provenance import source_url_of

_MAX_TITLE = 300  # characters; fifty titles have to fit into a workflow's history
_MAX_TEXT = 400_000  # characters of all entries together, of up to 4 bytes: Temporal takes 2 MB
_PART = 16  # hexadecimal digits
_READS = 8  # of descriptions at once
_MAX_URL = 4096  # characters, as in an ingest's payload


class FindEntriesInput(WireModel):
    """The entries of a retried playlist, and the first job that asked for them."""

    first_job: str
    table_id: str
    items: list[PlaylistItem]
    numbered: int = Field(description="entries that the first job may have had")


def part_of(url: str) -> str:
    """The part of a retried playlist that an entry is, whatever its number in the list is by now."""
    return f"u{hashlib.sha256(url.encode()).hexdigest()[:_PART]}"


class PlaylistActivities:
    """yt-dlp lists, nothing is downloaded."""

    def __init__(self, resources: ActivityResources) -> None:
        self._resources = resources
        self._ytdlp = YtDlp(resources.network, resources.limits)

    @activity.defn(name="audioprep.expand_playlist")
    async def expand_playlist(self, input: PlaylistPayload) -> list[PlaylistItem]:
        """The recordings that the URL lists, in its order, `maxEntries` at most."""
        self._resources.limits.check_entries(input.max_entries)
        visit = self._resources.host_limiter.slot(site_of(input.url))
        async with visit, self._resources.step(Stage.EXPANDING) as step:
            entries = await self._ytdlp.expand(input.url, input.max_entries, step)
        items: list[PlaylistItem] = []
        room = _MAX_TEXT
        for entry in entries:
            item = PlaylistItem(url=entry.source_url, title=shown(entry.title, _MAX_TITLE, None))
            room -= len(item.url) + len(item.title)
            if len(item.url) <= _MAX_URL and room >= 0:
                items.append(item)
        return items

    @activity.defn(name="audioprep.find_entries")
    async def find_entries(self, input: FindEntriesInput) -> list[PlaylistOutcome]:
        """The entries that the first job, or a retry of it, has completed: their assets are there."""
        free = asyncio.Semaphore(_READS)
        async with self._resources.step(Stage.EXPANDING) as step:

            async def read(part: str) -> tuple[str, AssetMetadata] | None:
                async with free:
                    asset_id = keys.asset_id_for(input.first_job, input.table_id, part)
                    content = await self._resources.storage.read_or_none(keys.metadata(asset_id))
                    step.keep_alive()
                asset = parse_asset(content) if content is not None else None
                return (asset_id, asset) if asset else None

            numbered = await asyncio.gather(*(read(str(number + 1)) for number in range(input.numbered)))
            by_url = {each[1].provenance.source_url: each for each in numbered if each}
            again = await asyncio.gather(*(read(part_of(item.url)) for item in input.items))
            made = [
                (item, own or by_url.get(source_url_of(item.url))) for item, own in zip(input.items, again, strict=True)
            ]
            return [await self._outcome(item, *found) for item, found in made if found]

    async def _outcome(self, item: PlaylistItem, asset_id: str, asset: AssetMetadata) -> PlaylistOutcome:
        stored = {found.key: found async for found in self._resources.storage.list(keys.asset_folder(asset_id))}
        original = next((found for key, found in stored.items() if keys.is_original(key)), None)
        audio = asset.audio
        metadata = AudioMetadata(
            **{name: getattr(audio, name) for name in AudioMetadata.model_fields if name != "original_filename"},
            original_filename=asset.original_filename or "",
        )
        return PlaylistOutcome(
            url=item.url,
            title=item.title,
            status=JobStatus.COMPLETE,
            asset_id=asset_id,
            metadata=metadata,
            original_key=original.key if original else None,
            peaks_key=keys.peaks(asset_id),
            peaks_dat_key=keys.peaks_dat(asset_id) if keys.peaks_dat(asset_id) in stored else None,
            waveform_key=keys.waveform(asset_id),
            size=original.size if original else None,
            bitrate=audio.bitrate,
        )
