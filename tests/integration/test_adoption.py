"""Uploads under hostile names and keys: an original is called what it is, and nothing is left of what is no audio."""

import hashlib
import json
from pathlib import Path

import pytest

from audioprep.activities.attempt.media_limits import MediaLimits
from audioprep.jobs.errors import ErrorKind, PermanentError
from audioprep.jobs.types.ingest import SourceType
from audioprep.settings import Settings
from audioprep.settings.groups import SettingsError
from audioprep.worker_resources import WorkerResources
from tests.support.audio import make_audio
from tests.support.ingesting import ASSET, Ingesting
from tests.support.sound import chord, encode
from tests.support.storage import StoragePlace

RATE = 44100
HTML = b"<!doctype html><script>alert(document.domain)</script>"
_NO_SAMPLES = b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0\1\0\1\0\x44\xac\0\0\x88\x58\1\0\2\0\x10\0data\0\0\0\0"
# By what the file is: its name as made by ffmpeg, its options, the extension and the type that it gets.
FORMS = {
    "wav": ("a.wav", "", "wav", "audio/wav"),
    "mp3": ("a.mp3", "", "mp3", "audio/mpeg"),
    "flac": ("a.flac", "", "flac", "audio/flac"),
    "ogg vorbis": ("a.ogg", "-c:a libvorbis", "ogg", "audio/ogg"),
    "ogg opus": ("a.opus", "-c:a libopus", "opus", "audio/ogg"),
    "webm": ("a.webm", "-c:a libopus", "webm", "audio/webm"),
    "matroska": ("a.mka", "-c:a libopus", "mka", "audio/x-matroska"),
    "m4a": ("a.m4a", "", "m4a", "audio/mp4"),
    "adts": ("a.aac", "", "aac", "audio/aac"),
    "aiff": ("a.aiff", "", "aiff", "audio/aiff"),
    "wma": ("a.wma", "", "wma", "audio/x-ms-wma"),
    "film": ("a.mp4", "-f lavfi -i testsrc=size=64x48:duration=1 -map 0:a -map 1:v", "mp4", "video/mp4"),
}


@pytest.fixture
def job(storage_place: StoragePlace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ingesting:
    for name, value in storage_place.env.items():
        monkeypatch.setenv(name, value)
    return Ingesting(tmp_path, stored_in=storage_place)


@pytest.mark.parametrize("form", FORMS)
async def test_extension_and_type_are_those_of_the_file(tmp_path: Path, form: str) -> None:
    made, options, extension, content_type = FORMS[form]
    content = encode(tmp_path / made, chord(1, RATE, 2), RATE, *options.split()).read_bytes()
    job = Ingesting(tmp_path)

    await job.ingest("page.html", content)

    assert job.original is not None
    assert (job.original.key, job.original.content_type) == (f"assets/{ASSET}/original.{extension}", content_type)
    assert job.original.source_hash == hashlib.sha256(content).hexdigest()
    assert job.place.get(job.original.key) == content


@pytest.mark.parametrize("name", ["page.html", "pic.svg", "x.js", "x.mp3/../../y.html", "no extension"])
async def test_an_mp3_with_html_in_its_tags_is_an_mp3(job: Ingesting, tmp_path: Path, name: str) -> None:
    comment = f"comment={HTML.decode()}"
    audio = make_audio(tmp_path / "a.mp3", 1, "-metadata", comment, "-id3v2_version", "3")
    job.place.put("uploads/page.html", audio.read_bytes())

    await job.adopt("uploads/page.html", name)

    assert _stored(job) == {"original.mp3", "peaks.json", "peaks.dat", "waveform.png"}
    if job.place.url.startswith("s3:"):
        assert job.place.content_type(f"assets/{ASSET}/original.mp3") == "audio/mpeg"


@pytest.mark.parametrize("source_type", [SourceType.AUDIO_FILE, SourceType.VIDEO_FILE])
@pytest.mark.parametrize(
    ("key", "content"),
    [
        pytest.param("uploads/song.mp3", HTML, id="HTML named mp3"),
        pytest.param("uploads/song.mp3", bytes(100_000), id="zeros named mp3"),
        pytest.param("uploads/song.wav", _NO_SAMPLES, id="a header alone"),
        pytest.param("uploads/song.flac", b"fLaC\0\0\0\x22" + bytes(34), id="another header alone"),
        pytest.param("assets/another/edits.json", json.dumps({"clips": []}).encode(), id="the recipe of another asset"),
        pytest.param("assets/another/peaks.json", b"[0.1,0.2]", id="the peaks of another asset"),
        pytest.param("uploads/empty.mp3", b"", id="an empty file"),
    ],
)
async def test_what_is_no_audio_leaves_nothing_behind(
    job: Ingesting, key: str, content: bytes, source_type: SourceType
) -> None:
    job.place.put(key, content)

    with pytest.raises(PermanentError) as caught:
        await job.adopt(key, "song.mp3", source_type)

    assert caught.value.kind is ErrorKind.UNSUPPORTED_MEDIA
    assert _stored(job) == set()
    assert job.place.stored() == {key}


async def test_a_recording_over_the_limit_leaves_nothing_behind(tmp_path: Path) -> None:
    job = Ingesting(tmp_path, MediaLimits(max_seconds=2))
    source = encode(tmp_path / "s.flac", chord(9, 8000, 1), 8000)

    with pytest.raises(PermanentError, match="longer than the limit"):
        await job.ingest("s.flac", source.read_bytes())

    assert _stored(job) == set()


async def test_a_truncated_m4a_leaves_nothing_behind(job: Ingesting, tmp_path: Path) -> None:
    whole = encode(tmp_path / "s.m4a", chord(4, RATE, 2), RATE).read_bytes()

    with pytest.raises(PermanentError):
        await job.ingest("s.m4a", whole[: len(whole) // 2])

    assert _stored(job) == set()


async def test_an_asset_that_is_whole_outlives_a_failed_ingest(tmp_path: Path) -> None:
    job = Ingesting(tmp_path)
    job.place.put(f"assets/{ASSET}/metadata.json", b"{}")
    job.place.put(f"assets/{ASSET}/prepared.wav", b"a render")

    with pytest.raises(PermanentError):
        await job.ingest("song.wav", HTML)

    assert _stored(job) == {"metadata.json", "prepared.wav"}


async def test_a_source_of_another_form_replaces_the_original(tmp_path: Path) -> None:
    job = Ingesting(tmp_path)
    for name in ("a.wav", "a.flac"):
        await job.ingest(name, encode(tmp_path / name, chord(1, RATE, 1), RATE).read_bytes())

    assert _stored(job) == {"original.flac", "peaks.json", "peaks.dat", "waveform.png"}


@pytest.mark.parametrize(
    "key", ["secrets/a.wav", "uploads-of-others/a.wav", "assets/x/original.wav", "uploads", "a.wav", "incoming/a.wav"]
)
async def test_with_folders_for_uploads_other_keys_are_refused(tmp_path: Path, key: str) -> None:
    job = Ingesting(tmp_path, upload_folders=("uploads/", "incoming/web/"))
    job.place.put(key, encode(tmp_path / "a.wav", chord(1, RATE, 1), RATE).read_bytes())

    with pytest.raises(PermanentError, match=r"not below a folder that uploads are taken from .*, uploads/") as caught:
        await job.adopt(key)

    assert caught.value.kind is ErrorKind.REFUSED
    assert _stored(job) == set()


def test_folders_for_uploads_are_a_setting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUDIOPREP_UPLOADS_PREFIX", " uploads, /incoming/web/,,")

    assert WorkerResources(Settings().local(tmp_path)).resources.upload_folders == ("uploads/", "incoming/web/")


@pytest.mark.parametrize("folder", ["assets", "uploads,assets/incoming"])
def test_uploads_cannot_lie_among_assets(monkeypatch: pytest.MonkeyPatch, folder: str) -> None:
    monkeypatch.setenv("AUDIOPREP_UPLOADS_PREFIX", folder)

    with pytest.raises(SettingsError, match="AUDIOPREP_UPLOADS_PREFIX: uploads cannot lie below assets/"):
        Settings()


async def test_with_folders_for_uploads_keys_below_them_are_taken(tmp_path: Path) -> None:
    job = Ingesting(tmp_path, upload_folders=("uploads/", "incoming/web/"))
    content = encode(tmp_path / "a.wav", chord(1, RATE, 1), RATE).read_bytes()

    for key in ("uploads/a.wav", "incoming/web/user/a.wav"):
        job.place.put(key, content)
        assert (await job.adopt(key)).duration == 1


def _stored(job: Ingesting) -> set[str]:
    folder = f"assets/{ASSET}/"
    return {key.removeprefix(folder) for key in job.place.stored() if key.startswith(folder)}
