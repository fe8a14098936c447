"""HLS and DASH through yt-dlp, from the URL to the asset's original: the extension is what the file is."""

import json
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from temporalio.testing import ActivityEnvironment

from audioprep.activities.attempt.media_limits import MediaLimits
from audioprep.activities.download.address_policy import AddressPolicy, NetworkRules
from audioprep.activities.ingest import IngestActivities
from audioprep.activities.ingest_steps import FetchSourceInput, Original
from audioprep.activities.resources import ActivityResources
from audioprep.activities.storage.cache import ObjectCache
from audioprep.activities.storage.store import Storage
from audioprep.jobs.errors import ErrorKind, JobError, PermanentError, TransientError
from audioprep.jobs.types.ingest import IngestPayload, SourceType
from tests.support.audio import make_audio
from tests.support.site import Site, open_site

SECONDS = 6
SEGMENTED = ("-c", "copy", "-f", "hls", "-hls_time", "2", "-hls_playlist_type", "vod")
# (folder, what becomes of tone.m4a there, extension of the asset's original)
STREAMS = {
    "hls_ts": ([*SEGMENTED], "m4a"),
    "hls_fmp4": ([*SEGMENTED, "-hls_segment_type", "fmp4"], "m4a"),
    "hls_ranges": ([*SEGMENTED, "-hls_flags", "single_file"], "m4a"),
    "hls_adts": (["-c", "copy", "-f", "segment", "-segment_time", "2", "-segment_format", "adts"], "aac"),
    "dash": (["-c", "copy", "-f", "dash", "-seg_duration", "2", "-use_template", "1", "-use_timeline", "1"], "m4a"),
}


def ffmpeg(*arguments: str, folder: Path) -> None:
    command = ["ffmpeg", "-nostdin", "-v", "error", "-y", *arguments]
    subprocess.run(command, check=True, cwd=folder, timeout=60)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("streams")
    make_audio(folder / "tone.m4a", SECONDS, "-b:a", "64k")
    for name, (options, _) in STREAMS.items():
        (folder / name).mkdir()
        adts = ["-segment_list", "index.m3u8", "-segment_list_type", "m3u8", "s%d.aac"] if name == "hls_adts" else []
        ending = adts or [f"index.{'mpd' if name == 'dash' else 'm3u8'}"]
        ffmpeg("-i", "../tone.m4a", *options, *ending, folder=folder / name)
    index = (folder / "hls_ts/index.m3u8").read_text()
    (folder / "hls_ts/live.m3u8").write_text(
        index.replace("#EXT-X-ENDLIST", "").replace("#EXT-X-PLAYLIST-TYPE:VOD", "")
    )
    (folder / "hls_ts/gap.m3u8").write_text(index.replace("index1.ts", "absent.ts"))
    long = "".join(f"#EXTINF:10.0,\nindex0.ts?{number}\n" for number in range(400))
    (folder / "hls_ts/long.m3u8").write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:10\n{long}#EXT-X-ENDLIST\n")
    return folder


@pytest.fixture
async def site(folder: Path) -> AsyncIterator[Site]:
    async with open_site(folder) as site:
        yield site


class Ingest:
    """The steps of one ingest, on a storage of its own."""

    def __init__(self, folder: Path, limits: MediaLimits | None = None) -> None:
        self.storage = folder / "storage"
        storage = Storage.open(f"file:{self.storage}")
        self._steps = IngestActivities(
            ActivityResources(
                storage,
                ObjectCache(folder / "cache", storage, 1 << 30),
                limits or MediaLimits(),
                folder / "scratch",
                NetworkRules(AddressPolicy(allow_private=True), frozenset("*")),
            )
        )

    async def fetch(self, url: str, source_type: SourceType = SourceType.YOUTUBE) -> Original:
        source = IngestPayload(source_type=source_type, url=url)
        input_ = FetchSourceInput(asset_id="asset", source=source)
        return await ActivityEnvironment().run(self._steps.fetch_source, input_)

    async def analyze(self, original: Original) -> float:
        return (await ActivityEnvironment().run(self._steps.analyze, original)).duration

    def format_of(self, original: Original) -> str:
        path = self.storage / original.key
        command = ["ffprobe", "-v", "error", "-show_entries", "format=format_name", "-of", "json", str(path)]
        found = json.loads(subprocess.run(command, check=True, capture_output=True, timeout=60).stdout)
        return str(found["format"]["format_name"])


@pytest.mark.parametrize("stream", STREAMS)
async def test_a_stream_becomes_a_file_of_its_kind(stream: str, site: Site, tmp_path: Path) -> None:
    ingest, extension = Ingest(tmp_path), STREAMS[stream][1]
    index = "index.mpd" if stream == "dash" else "index.m3u8"

    original = await ingest.fetch(site.url(f"file/{stream}/{index}"))

    assert original.key.endswith(f".{extension}")
    assert extension in ingest.format_of(original)
    assert await ingest.analyze(original) == pytest.approx(SECONDS, abs=0.3)


@pytest.mark.parametrize(
    ("index", "error", "words"),
    [
        ("live.m3u8", PermanentError, "live stream"),
        ("gap.m3u8", TransientError, "part of the recording is missing"),
        ("long.m3u8", PermanentError, "longer than the limit"),
    ],
)
async def test_a_stream_that_cannot_be_whole_is_refused(
    index: str, error: type[JobError], words: str, site: Site, tmp_path: Path
) -> None:
    with pytest.raises(error, match=words):
        await Ingest(tmp_path).fetch(site.url(f"file/hls_ts/{index}"))

    assert index == "gap.m3u8" or not site.hits["/file/hls_ts/index0.ts"]


async def test_a_preview_is_not_the_recording(site: Site, tmp_path: Path) -> None:
    ingest = Ingest(tmp_path)
    original = await ingest.fetch(site.url("said/60/file/tone.m4a"))

    with pytest.raises(PermanentError, match="only 6 of 60 seconds") as raised:
        await ingest.analyze(original)

    assert raised.value.kind is ErrorKind.REFUSED
    assert original.original_filename == "A page.m4a"


async def test_a_recording_that_is_too_long_is_not_stored(site: Site, tmp_path: Path) -> None:
    ingest = Ingest(tmp_path, MediaLimits(max_seconds=SECONDS / 2))

    with pytest.raises(PermanentError, match="longer than the limit"):
        await ingest.fetch(site.url("file/tone.m4a"), SourceType.URL)

    assert not any(path.is_file() for path in ingest.storage.rglob("*"))


async def test_a_channel_is_not_one_recording(site: Site, tmp_path: Path) -> None:
    with pytest.raises(PermanentError, match="lists 2 recordings: submit it as a playlist"):
        await Ingest(tmp_path).fetch(site.url("feed/file+tone.m4a,file+tone.m4a"))
