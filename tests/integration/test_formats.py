"""Every format we promise: what the result says is what an independent decode of the same file finds."""

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from audioprep.activities.waveform.peaks import HEIGHT, WIDTH
from tests.support.ingesting import Ingesting
from tests.support.sound import chord, decode, encode

SECONDS = 2.37


@dataclass(frozen=True)
class Format:
    """A file to make: its name, the encoder's options, and what the result must say of it."""

    name: str
    codec: str
    options: str = ""
    rate: int = 44100
    channels: int = 2
    decoded_rate: int | None = None  # where the codec has a rate of its own


FORMATS = {
    "wav 8 bit": Format("a.wav", "pcm_u8", "-c:a pcm_u8"),
    "wav 16 bit": Format("a.wav", "pcm_s16le", "-c:a pcm_s16le"),
    "wav 24 bit": Format("a.wav", "pcm_s24le", "-c:a pcm_s24le"),
    "wav 32 bit": Format("a.wav", "pcm_s32le", "-c:a pcm_s32le"),
    "wav float": Format("a.wav", "pcm_f32le", "-c:a pcm_f32le"),
    "wav double": Format("a.wav", "pcm_f64le", "-c:a pcm_f64le"),
    "aiff": Format("a.aiff", "pcm_s16be"),
    "flac": Format("a.flac", "flac"),
    "flac 24 bit": Format("a.flac", "flac", "-sample_fmt s32", rate=96000),
    "mp3 cbr": Format("a.mp3", "mp3", "-b:a 192k"),
    "mp3 vbr": Format("a.mp3", "mp3", "-q:a 4"),
    "mp3 vbr without Xing header": Format("a.mp3", "mp3", "-q:a 4 -write_xing 0"),
    "mp3 low rate": Format("a.mp3", "mp3", "-b:a 32k", rate=11025, channels=1),
    "ogg vorbis": Format("a.ogg", "vorbis", "-c:a libvorbis"),
    "opus": Format("a.opus", "opus", "-c:a libopus", rate=48000),
    "opus from 16 kHz": Format("a.opus", "opus", "-c:a libopus", rate=16000, decoded_rate=48000),
    "webm": Format("a.webm", "opus", "-c:a libopus", rate=48000),
    "m4a aac": Format("a.m4a", "aac", "-c:a aac -b:a 160k"),
    "m4a alac": Format("a.m4a", "alac", "-c:a alac"),
    "aac adts": Format("a.aac", "aac"),
    "mka": Format("a.mka", "flac", "-c:a flac"),
    "wma": Format("a.wma", "wmav2"),
    "mono": Format("a.wav", "pcm_s16le", channels=1),
    "5.1 wav": Format("a.wav", "pcm_s16le", channels=6),
    "5.1 flac": Format("a.flac", "flac", channels=6),
    "5.1 aac": Format("a.m4a", "aac", "-b:a 384k", channels=6),
    "8 kHz": Format("a.wav", "pcm_s16le", rate=8000),
    "11,025 Hz": Format("a.wav", "pcm_s16le", rate=11025),
    "22,050 Hz": Format("a.flac", "flac", rate=22050),
    "192 kHz": Format("a.flac", "flac", rate=192000),
    "telephone": Format("a.wav", "pcm_mulaw", "-c:a pcm_mulaw", rate=8000, channels=1),
}
VIDEO = "-f lavfi -i testsrc=size=64x48:rate=10:duration=3 -map {} "
STREAMS = {
    "mp4, video first": Format("a.mp4", "aac", VIDEO.format("1:v -map 0:a") + "-c:v mpeg4 -c:a aac"),
    "mp4, audio first": Format("a.mp4", "aac", VIDEO.format("0:a -map 1:v") + "-c:v mpeg4 -c:a aac"),
    "mkv": Format("a.mkv", "vorbis", VIDEO.format("1:v -map 0:a") + "-c:v mpeg4 -c:a libvorbis"),
    "mov": Format("a.mov", "pcm_s16le", VIDEO.format("1:v -map 0:a") + "-c:v mpeg4 -c:a pcm_s16le"),
    "avi": Format("a.avi", "mp3", VIDEO.format("1:v -map 0:a") + "-c:v mpeg4 -c:a libmp3lame"),
    "ts": Format("a.ts", "aac", VIDEO.format("1:v -map 0:a") + "-c:v mpeg2video -c:a aac"),
    "mp3 with a cover": Format("a.mp3", "mp3", VIDEO.format("0:a -map 1:v") + "-frames:v 1 -c:v png -c:a libmp3lame"),
    "flac with a cover": Format(
        "a.flac", "flac", VIDEO.format("0:a -map 1:v") + "-frames:v 1 -c:v png -disposition:v attached_pic"
    ),
    "m4a with a cover": Format(
        "a.m4a", "aac", VIDEO.format("0:a -map 1:v") + "-frames:v 1 -c:v mjpeg -disposition:v attached_pic"
    ),
    "two audio streams": Format(
        "a.mkv", "flac", "-f lavfi -i sine=f=900:d=9:r=8000 -map 0:a -map 1:a -c:a:0 flac -c:a:1 aac"
    ),
    "default is the second stream": Format(
        "a.mka",
        "flac",
        "-f lavfi -i sine=d=1:r=8000 -map 0:a -map 1:a -c:a flac -disposition:a:0 0 -disposition:a:1 default",
    ),
}


@pytest.mark.parametrize("made", [pytest.param(made, id=name) for name, made in (FORMATS | STREAMS).items()])
async def test_duration_format_and_peaks_equal_an_independent_decode(tmp_path: Path, made: Format) -> None:
    source = encode(tmp_path / made.name, chord(SECONDS, made.rate, made.channels), made.rate, *made.options.split())
    expected = decode(source, made.decoded_rate or made.rate, made.channels)
    assert expected.seconds == pytest.approx(SECONDS, abs=0.2)
    job = Ingesting(tmp_path)

    found = await job.ingest(made.name, source.read_bytes())

    assert found.duration == pytest.approx(expected.seconds, abs=0.020)
    assert (found.channels, found.sample_rate, found.codec) == (made.channels, expected.rate, made.codec)
    peaks = np.array(job.peaks).reshape(-1, 2)
    np.testing.assert_allclose(peaks, expected.peaks(), atol=0.01, rtol=0)
    with Image.open(io.BytesIO(job.waveform)) as picture:
        picture.verify()
        assert (picture.format, picture.size) == ("PNG", (WIDTH, HEIGHT))
    _assert_monotonous(job)


NAMES = {
    name: name
    for name in (
        "Grüße 漢字 😀.wav",
        'it\'s "quoted" & spaced.wav',
        "-i.wav",
        "100%d %s.wav",
        "concat:a|b.wav",
        "http:x.wav",
        "a?b#c.wav",
        "no extension",
        "shouting.WAV",
        "many.dots..wav",
        "$(id) `id`;id.wav",
    )
} | {
    "x" * 240 + ".wav": "x" * 196 + ".wav",
    ".wav": "wav",
    "a\x1b[31m\u202eb\x9b31m.wav": "a[31mb31m.wav",
    "../../c.wav": "c.wav",
}


@pytest.mark.parametrize(("name", "shown"), NAMES.items())
async def test_a_file_may_be_called_anything(tmp_path: Path, name: str, shown: str) -> None:
    source = encode(tmp_path / "source.wav", chord(0.5, 8000, 1), 8000)

    job = Ingesting(tmp_path)
    job.place.put("uploads/x", source.read_bytes())
    found = await job.adopt("uploads/x", name)

    assert (found.duration, found.original_filename) == (0.5, shown)


def _assert_monotonous(job: Ingesting) -> None:
    """Within a stage progress never falls, and it ends near the end."""
    for stage in ("downloading", "analyzing"):
        values = [said.progress for said in job.said if said.stage == stage]
        assert values == sorted(values), stage
        assert values[-1] > 90, (stage, values[-5:])
