"""Tags of any size: lyrics and pictures are no reason to refuse a file, and no reason to try it again."""

from pathlib import Path

import pytest
from mutagen.id3 import APIC, ID3, USLT

from tests.support.audio import make_audio
from tests.support.ingesting import Ingesting


@pytest.mark.parametrize("size", [300_000, 3_000_000], ids=["300 kB of lyrics: read", "3 MB of lyrics: read"])
async def test_lyrics_of_any_length_are_no_obstacle(tmp_path: Path, size: int) -> None:
    song = make_audio(tmp_path / "song.mp3", 2)
    tags = ID3(song)
    tags.add(USLT(encoding=3, lang="eng", text="la " * (size // 3)))
    tags.add(APIC(encoding=3, mime="image/jpeg", desc="x" * size, data=b"\xff\xd8\xff\xe0" * 1000))
    tags.save()

    found = await Ingesting(tmp_path).ingest("song.mp3", song.read_bytes())

    assert found.duration == pytest.approx(2, abs=0.1)
    assert (found.codec, found.channels) == ("mp3", 1)


async def test_a_forged_length_of_a_megabyte_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / "tags").write_text(f";FFMETADATA1\n[STREAM]\nDURATIO_={'9' * 1_000_000}\n")
    tags = ("-i", str(tmp_path / "tags"), "-map_metadata:s:a", "1:s:0")
    film = make_audio(tmp_path / "film.mka", 1, *tags, "-c:a", "flac")
    forged = film.read_bytes().replace(b"DURATION", b"XURATION").replace(b"DURATIO_", b"DURATION")
    assert b"DURATION" in forged

    found = await Ingesting(tmp_path).ingest("film.mka", forged)

    assert found.duration == pytest.approx(1, abs=0.01)
