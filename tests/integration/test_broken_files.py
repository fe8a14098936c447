"""Files that are not what they should be: what can be read is read, and the rest is told in one sentence."""

import os
from pathlib import Path

import numpy as np
import pytest

from audioprep.activities.attempt.media_limits import MediaLimits
from audioprep.jobs.errors import ErrorKind, PermanentError
from tests.support.ingesting import Ingesting
from tests.support.sound import Sound, chord, decode, encode

RATE = 44100


@pytest.fixture
def job(tmp_path: Path) -> Ingesting:
    return Ingesting(tmp_path)


async def test_silence_is_a_flat_line(job: Ingesting) -> None:
    source = encode(job.folder / "s.flac", np.zeros((RATE * 2, 2), dtype=np.float32), RATE)

    found = await job.ingest("s.flac", source.read_bytes())

    assert found.duration == 2.0
    assert job.peaks == [0.0] * 200


@pytest.mark.parametrize("samples", [1, 2, 881, 882, 883])
async def test_a_file_of_a_few_samples_has_a_pair_for_each_window(job: Ingesting, samples: int) -> None:
    sound: Sound = np.full((samples, 1), 0.5, dtype=np.float32)
    source = encode(job.folder / "s.wav", sound, RATE)

    found = await job.ingest("s.wav", source.read_bytes())

    assert found.duration == pytest.approx(samples / RATE, abs=1e-6)
    assert job.peaks == pytest.approx([0.5] * (2 if samples <= 882 else 4), abs=1e-3)
    assert job.waveform.startswith(b"\x89PNG")


async def test_samples_beyond_full_scale_are_cut_to_it(job: Ingesting) -> None:
    source = encode(job.folder / "s.wav", chord(0.2, RATE, 1) * 4, RATE, "-c:a", "pcm_f32le")

    await job.ingest("s.wav", source.read_bytes())

    assert (min(job.peaks), max(job.peaks)) == pytest.approx((-1, 1), abs=1e-4)


@pytest.mark.parametrize("name", ["s.mp3", "s.flac", "s.ogg", "s.wav", "s.aac"])
async def test_of_a_file_that_breaks_off_the_readable_part_is_taken(job: Ingesting, name: str) -> None:
    whole = encode(job.folder / name, chord(4, RATE, 2), RATE).read_bytes()
    broken = job.folder / f"broken-{name}"
    broken.write_bytes(whole[: len(whole) // 2])
    expected = decode(broken, RATE, 2)

    found = await job.ingest(name, broken.read_bytes())

    assert 1 < expected.seconds < 3
    assert found.duration == pytest.approx(expected.seconds, abs=0.02)
    assert len(job.peaks) == 2 * len(expected.peaks())


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty.mp3", b""),
        ("one byte.wav", b"R"),
        ("random.mp3", os.urandom(200_000)),
        ("text.wav", b"Dear reader,\nthis is a letter.\n" * 200),
        ("page.mp3", b"<!doctype html><html><body>404</body></html>"),
        ("picture.mp3", b"\x89PNG\r\n\x1a\n" + bytes(1000)),
        ("zeros.mp3", bytes(100_000)),
        ("archive.zip", b"PK\x03\x04" + bytes(1000)),
        ("header only.wav", b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0\1\0\1\0\x44\xac\0\0\x88\x58\1\0\2\0\x10\0data\0\0\0\0"),
        ("header only.flac", b"fLaC\0\0\0\x22" + bytes(34)),
    ],
)
async def test_what_is_no_audio_is_refused_in_one_sentence(job: Ingesting, name: str, content: bytes) -> None:
    with pytest.raises(PermanentError) as caught:
        await job.ingest(name, content)

    assert caught.value.kind is ErrorKind.UNSUPPORTED_MEDIA
    _assert_a_sentence(caught.value, job)


async def test_a_truncated_m4a_has_lost_its_index_and_is_refused(job: Ingesting) -> None:
    whole = encode(job.folder / "s.m4a", chord(4, RATE, 2), RATE).read_bytes()

    with pytest.raises(PermanentError, match="not audio or video that can be read") as caught:
        await job.ingest("s.m4a", whole[: len(whole) // 2])

    _assert_a_sentence(caught.value, job)


async def test_a_video_without_sound_is_refused(job: Ingesting) -> None:
    options = ("-f", "lavfi", "-i", "testsrc=size=64x48:duration=1", "-map", "1:v", "-c:v", "mpeg4")
    source = encode(job.folder / "v.mp4", chord(1, RATE, 1), RATE, *options)

    with pytest.raises(PermanentError, match="has no audio"):
        await job.ingest("v.mp4", source.read_bytes())


@pytest.mark.parametrize(
    "script",
    [
        "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{secret}\n#EXT-X-ENDLIST\n",
        "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nfile:{secret}\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile '{secret}'\n",
        "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nm=audio 5004 RTP/AVP 0\n",
    ],
)
async def test_a_script_named_mp3_opens_no_other_file(job: Ingesting, script: str) -> None:
    secret = encode(job.folder / "secret.mp3", chord(3, RATE, 1), RATE)

    with pytest.raises(PermanentError) as caught:
        await job.ingest("song.mp3", script.format(secret=secret).encode())

    _assert_a_sentence(caught.value, job)


async def test_decoding_stops_at_the_duration_limit(tmp_path: Path) -> None:
    job = Ingesting(tmp_path, MediaLimits(max_seconds=2))
    source = encode(tmp_path / "s.flac", np.zeros((8000 * 3600, 1), dtype=np.float32), 8000)

    with pytest.raises(PermanentError, match="longer than the limit of") as caught:
        await job.ingest("s.flac", source.read_bytes())

    assert caught.value.kind is ErrorKind.LIMIT_EXCEEDED


async def test_a_file_over_the_limit_is_not_even_fetched(tmp_path: Path) -> None:
    job = Ingesting(tmp_path, MediaLimits(max_bytes=1000))

    with pytest.raises(PermanentError, match="larger than the limit"):
        await job.ingest("s.wav", bytes(1001))

    assert not list((tmp_path / "scratch").iterdir())


def _assert_a_sentence(error: PermanentError, job: Ingesting) -> None:
    text = error.message
    assert 10 < len(text) < 250, text
    assert text[0].isupper(), text
    assert text.endswith("."), text
    assert "\n" not in text, text
    assert str(job.folder) not in text, text
    assert "0x" not in text, text
