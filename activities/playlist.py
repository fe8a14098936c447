"""Activity of a playlist: yt-dlp lists the entries of a URL."""

from temporalio import activity

from audioprep.activities.resources import ActivityResources
from audioprep.activities.ytdlp.client import YtDlp
from audioprep.jobs.status import Stage
from audioprep.jobs.text.hosts import site_of
from audioprep.jobs.text.wording import shown
from audioprep.jobs.types.playlist import PlaylistItem, PlaylistPayload

_MAX_TITLE = 300  # characters; fifty titles have to fit into a workflow's history
_MAX_URL = 4096  # characters, as in an ingest's payload


class PlaylistActivities:
    """yt-dlp lists, nothing is downloaded."""

    def __init__(self, resources: ActivityResources) -> None:
        self._resources = resources
        self._ytdlp = YtDlp(resources.network, resources.limits)

    @activity.defn(name="audioprep.expand_playlist")
    async def expand_playlist(self, input: PlaylistPayload) -> list[PlaylistItem]:
        """The recordings that the URL lists, in its order, `maxEntries` at most."""
        visit = self._resources.host_limiter.slot(site_of(input.url))
        async with visit, self._resources.step(Stage.EXPANDING) as step:
            entries = await self._ytdlp.expand(input.url, input.max_entries, step)
        return [
            PlaylistItem(url=entry.source_url, title=shown(entry.title, _MAX_TITLE, None))
            for entry in entries
            if len(entry.source_url) <= _MAX_URL
        ]
