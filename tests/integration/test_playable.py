"""What browsers play: the original where they do, else an MP3 on the same timeline; and tags of the source."""

import asyncio
import json
from pathlib import Path

import pytest

from audioprep.jobs.types.ingest import SourceType
from tests.support import recordings as made
from tests.support.activities import Studio
from tests.support.listening import samples_of, stream_of
from tests.support.recordings import GAP, JOINT, SECONDS, Make
from tests.support.sweep import place_of

SOURCES = {
    "an MP3 is played as it is": (made.encoded("a.mp3", "-b:a", "96k"), "original.mp3"),
    "AIFF gets a rendition": (made.encoded("a.aiff"), "playable.mp3"),
    "ADPCM in WAV gets a rendition": (made.encoded("a.wav", "-c:a", "adpcm_ms"), "playable.mp3"),
    "a source that is not plain gets a rendition": (made.muted("a.webm", "-c:a", "libopus"), "playable.mp3"),
}


@pytest.mark.parametrize(("make", "name"), SOURCES.values(), ids=SOURCES)
async def test_the_playable_file_has_the_timeline_of_cuts(
    studio: Studio, tmp_path: Path, make: Make, name: str
) -> None:
    file = await asyncio.to_thread(make, tmp_path)

    ingested = await studio.ingest_as(file, SourceType.AUDIO_FILE, playable=True)

    assert ingested.analysis.playable_key == f"assets/{ingested.asset_id}/{name}"
    played = studio.asset(ingested.asset_id) / name
    rate = int(stream_of(played)["sample_rate"])
    samples = samples_of(played)
    assert len(samples) / rate == pytest.approx(ingested.analysis.duration, abs=0.001)
    after_the_gap = JOINT + GAP + 1
    piece = samples[round((after_the_gap - 0.2) * rate) : round((after_the_gap + 0.2) * rate)]
    assert place_of(piece, rate) == pytest.approx(after_the_gap, abs=0.05)


async def test_without_a_request_there_is_no_rendition(studio: Studio, tmp_path: Path) -> None:
    file = await asyncio.to_thread(made.encoded("a.aiff"), tmp_path)

    ingested = await studio.ingest_as(file, SourceType.AUDIO_FILE)

    assert ingested.analysis.playable_key is None
    assert not (studio.asset(ingested.asset_id) / "playable.mp3").exists()


async def test_tags_of_the_source_are_in_the_metadata(studio: Studio, tmp_path: Path) -> None:
    chapters = tmp_path / "chapters"
    chapters.write_text(";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1\nSTART=0\nEND=5\ntitle=One\n")
    options = ("-i", str(chapters), "-map_chapters", "1", "-metadata", "title=A title", "-metadata", "artist=B")
    file = await asyncio.to_thread(made.encoded("a.m4a", *options, "-c:a", "aac"), tmp_path)

    ingested = await studio.ingest_as(file, SourceType.AUDIO_FILE)

    tags = json.loads((studio.asset(ingested.asset_id) / "metadata.json").read_text())["tags"]
    assert (tags["title"], tags["artist"]) == ("A title", "B")
    assert tags["chapters"][0] == {"startTime": 0.0, "endTime": 5.0, "title": "One"}


async def test_worst_cases_are_refused_or_bounded(studio: Studio, tmp_path: Path) -> None:
    """A gap that is long, but can be filled, and one that cannot."""
    source = await asyncio.to_thread(made.encoded("a.webm", "-c:a", "libopus", rate=48000, channels=1), tmp_path)
    for gap, name in ((100, "long.webm"), (200, "longer.webm")):
        shift = f"setts=pts=PTS+if(gt(PTS\\,{round(JOINT * 1000)})\\,{gap * 1000}\\,0)"
        await asyncio.to_thread(made.ffmpeg, "-i", source, "-c", "copy", "-bsf:a", shift, tmp_path / name)

    filled = await studio.ingest_as(tmp_path / "long.webm", SourceType.AUDIO_FILE)
    assert filled.analysis.duration == pytest.approx(SECONDS + 100, abs=0.1)

    with pytest.raises(Exception, match="gap of 200 s: 120 s at most can be filled"):
        await studio.ingest_as(tmp_path / "longer.webm", SourceType.AUDIO_FILE)
