"""Tags and cover of saved files, as ffprobe reads them."""

import io
import json
import struct
import subprocess
import uuid
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from audioprep.activities.resources import ActivityResources
from audioprep.jobs.errors import ErrorKind, PermanentError
from tests.support.activities import Studio, clip_of, recipe_of
from tests.support.audio import make_audio
from tests.support.listening import samples_of, tone, write_wav

RATE = 44100
TAGS = {
    "title": "Ä title = x; #1 \\ [a]",
    "artist": "[CHAPTER]",
    "album": "An album\u200b of\r\ntwo lines",
    "albumArtist": "Various",
    "composer": "C",
    "genre": "Podcast",
    "date": "2026-11-25",
    "track": "3/12",
    "disc": "1",
    "comment": "=;#",
}
WRITTEN = {**TAGS, "album": "An album of two lines"}
WAV_HAS = {"title", "artist", "album", "genre", "date", "track", "comment"}  # RIFF INFO
ALL = [{"format": form} for form in ("flac", "mp3", "aac", "opus")]


def _jpeg(side: int = 600) -> bytes:
    out = io.BytesIO()
    Image.effect_noise((side, side), 80).convert("RGB").save(out, "JPEG", quality=85)
    return out.getvalue()


def _png() -> bytes:
    out = io.BytesIO()
    Image.new("RGBA", (300, 200), (10, 20, 30, 128)).save(out, "PNG")
    return out.getvalue()


def _large_png(width: int, height: int) -> bytes:
    """A picture that claims to be as large as that."""
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))
    return b"\x89PNG\r\n\x1a\n" + chunk + _png()[33:]


def _tags_of(file: Path) -> dict[str, str]:
    command = ["ffprobe", "-v", "error", "-show_entries", "format_tags:stream_tags", "-of", "json", str(file)]
    found = json.loads(subprocess.run(command, check=True, capture_output=True, timeout=60).stdout)
    streams = [stream.get("tags", {}) for stream in found["streams"][:1]]
    tags = {name.lower(): value for each in [*streams, found["format"].get("tags", {})] for name, value in each.items()}
    return {_camel(name): value for name, value in tags.items() if _camel(name) in TAGS}


def _camel(name: str) -> str:
    return name.replace("album_artist", "albumArtist")


def _cover_of(file: Path) -> bytes:
    command = ["ffmpeg", "-v", "error", "-i", str(file), "-map", "0:v:0", "-c", "copy", "-f", "image2pipe", "-"]
    return subprocess.run(command, check=True, capture_output=True, timeout=60).stdout


def _upload(studio: Studio, content: bytes, name: str = "cover.jpg") -> str:
    path = studio.storage / "uploads" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return f"uploads/{name}"


def _recipe(studio: Studio, tmp_path: Path, **fields: Any) -> dict[str, Any]:
    source = studio.add(write_wav(tmp_path / "source.wav", tone(2, RATE), RATE))
    return recipe_of(clip_of(source, 0.25, 1.5), **fields)


@pytest.mark.parametrize("picture", [_jpeg(), _png()], ids=["JPEG of 200 kB", "PNG"])
async def test_every_format_has_its_tags_and_the_very_cover(studio: Studio, tmp_path: Path, picture: bytes) -> None:
    recipe = _recipe(studio, tmp_path)
    plain = await studio.save_files({**recipe, "outputs": ALL})
    sounds = {form: samples_of(studio.storage / file.key) for form, file in plain.items()}
    cover = {"storageKey": _upload(studio, picture)}

    files = await studio.save_files({**recipe, "outputs": ALL, "tags": TAGS, "cover": cover})

    for form, file in files.items():
        path = studio.storage / file.key
        assert _tags_of(path) == WRITTEN, form
        assert _cover_of(path) == picture, form
        assert file.integrated == plain[form].integrated
        assert np.array_equal(samples_of(path), sounds[form]), form


async def test_a_single_wav_has_its_tags_and_the_same_sound(studio: Studio, tmp_path: Path) -> None:
    recipe = _recipe(studio, tmp_path, normalize=True)
    plain = samples_of(await studio.save(recipe))

    saved = await studio.save({**recipe, "tags": TAGS, "cover": {"storageKey": "uploads/nothing.jpg"}})

    assert _tags_of(saved) == {name: text for name, text in WRITTEN.items() if name in WAV_HAS}
    assert np.array_equal(samples_of(saved), plain)


async def test_without_tags_a_file_has_none(studio: Studio, tmp_path: Path) -> None:
    source = studio.add(make_audio(tmp_path / "source.mp3", 2, "-metadata", "title=Of the source"))

    files = await studio.save_files(recipe_of(clip_of(source, 0, 1), outputs=ALL))

    assert [_tags_of(studio.storage / file.key) for file in files.values()] == [{}] * len(ALL)


async def test_the_cover_of_a_source_is_copied(studio: Studio, tmp_path: Path) -> None:
    picture = tmp_path / "cover.jpg"
    picture.write_bytes(_jpeg(200))
    cover = ["-i", str(picture), "-map", "0:a", "-map", "1:v", "-c:v", "copy", "-disposition:v:0", "attached_pic"]
    source = await studio.ingest(make_audio(tmp_path / "source.mp3", 2, *cover))
    outputs = [{"format": "aac"}, {"format": "opus"}]

    files = await studio.save_files(recipe_of(clip_of(source, 0, 1), outputs=outputs, cover={"assetId": source}))

    assert [_cover_of(studio.storage / file.key) for file in files.values()] == [picture.read_bytes()] * 2


REFUSED: dict[str, tuple[bytes, str]] = {
    "no picture": (b"no picture at all", "is no JPEG or PNG"),
    "an SVG": (
        b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/p"/></svg>',
        "is no JPEG or PNG",
    ),
    "a GIF": (b"GIF89a\x01\x00\x01\x00\x00\x00\x00;", "is no JPEG or PNG"),
    "more pixels than there may be": (_large_png(5000, 20), "has 5000 by 20 pixels"),
    "a bomb": (_large_png(2**31 - 1, 2**31 - 1), "is no JPEG or PNG|pixels"),
    "larger than 5 MB": (_png() + bytes(5 << 20), "larger than 5 MB"),
    "nothing": (b"", "is no JPEG or PNG"),
}


@pytest.mark.parametrize(("content", "sentence"), REFUSED.values(), ids=REFUSED)
async def test_what_is_no_cover_is_refused(studio: Studio, tmp_path: Path, content: bytes, sentence: str) -> None:
    recipe = _recipe(studio, tmp_path, outputs=[{"format": "mp3"}], cover={"storageKey": _upload(studio, content)})

    with pytest.raises(PermanentError, match=sentence) as error:
        await studio.save_files(recipe)

    assert error.value.kind is ErrorKind.UNSUPPORTED_MEDIA
    assert not list(studio.asset(recipe["assetId"]).glob("prepared.*"))


async def test_a_cover_that_is_not_there_is_missed(studio: Studio, tmp_path: Path) -> None:
    recipe = _recipe(studio, tmp_path, outputs=[{"format": "mp3"}])
    source = recipe["clips"][0]["sourceAssetId"]

    for cover, sentence in [
        ({"storageKey": "uploads/none.jpg"}, "uploads/none.jpg"),
        ({"assetId": source}, "has no cover"),
        ({"assetId": str(uuid.uuid4())}, "is not in storage"),
    ]:
        with pytest.raises(PermanentError, match=sentence) as error:
            await studio.save_files({**recipe, "cover": cover})
        assert error.value.kind is ErrorKind.SOURCE_MISSING


async def test_a_cover_is_taken_from_the_uploads_only(
    studio: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fenced = replace(studio.resources, upload_folders=("uploads/",))
    monkeypatch.setattr(Studio, "resources", property(lambda _: fenced))
    assert isinstance(studio.resources, ActivityResources)

    for key in ("assets/x/waveform.png", "other/cover.jpg", "uploads/../assets/x"):
        recipe = _recipe(studio, tmp_path, outputs=[{"format": "mp3"}], cover={"storageKey": key})
        with pytest.raises(PermanentError) as error:
            await studio.save_files(recipe)
        assert error.value.kind in (ErrorKind.REFUSED, ErrorKind.INVALID_PAYLOAD)
