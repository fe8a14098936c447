"""Recordings from the world, by class of fault: whole, on one timeline, and cut at the right place; or refused.

What a clip holds is told by its pitch, never by its length alone. How long a source is comes from how it was made, and
from a whole decode by ffmpeg's own defaults.
"""

import asyncio
import subprocess
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from audioprep.jobs.errors import ErrorKind, PermanentError
from audioprep.jobs.types.ingest import SourceType
from tests.support import recordings as made
from tests.support.activities import Studio, clip_of, recipe_of
from tests.support.listening import samples_of
from tests.support.recordings import GAP, JOINT, SECONDS, Make
from tests.support.sweep import place_of

RATE = 44100
DELAY = 0.08  # seconds: an encoder's delay and the padding of its last frame, of two parts
CUTS = ((0.2, 0.8), (4.2, 5.2), (4.7, 6.2), (7.4, 8.1), (9.9, 10.5), (11.2, 11.8))  # two lie over the joint


@dataclass(frozen=True)
class Recording:
    """A file: how it is made, how long it must be, and whether it needs a working copy."""

    make: Make
    work: bool = False
    film: bool = False
    gap: float = 0.0
    late: float = 0.1  # seconds that codecs' delays and joints may add


ADPCM = ("-c:a", "adpcm_ms")
MPEG4 = ("-c:v", "mpeg4")
RECORDINGS = {
    "sound 0.6 s after the picture: mp4": Recording(made.film("a.mp4", *MPEG4, "-c:a", "aac", late=0.6), film=True),
    "sound 2 s after the picture: mkv": Recording(made.film("a.mkv", *MPEG4, "-c:a", "flac", late=2), film=True),
    "sound 2 s after the picture: mov": Recording(made.film("a.mov", *MPEG4, "-c:a", "pcm_s16le", late=2), film=True),
    "sound 9 s after the picture: ts": Recording(
        made.film("a.ts", "-c:v", "mpeg2video", "-c:a", "aac", late=9), film=True
    ),
    "adpcm_ms in WAV": Recording(made.encoded("a.wav", *ADPCM)),
    "adpcm_ms in WAV, a telephone's": Recording(made.encoded("a.wav", *ADPCM, rate=8000, channels=1), late=0.3),
    "adpcm_ima_wav in WAV": Recording(made.encoded("a.wav", "-c:a", "adpcm_ima_wav", rate=22050, channels=1)),
    "adpcm_yamaha in WAV": Recording(made.encoded("a.wav", "-c:a", "adpcm_yamaha", rate=22050, channels=1)),
    "adpcm_ms in W64": Recording(made.encoded("a.w64", *ADPCM)),
    "IMA4 in CAF": Recording(made.encoded("a.caf", "-c:a", "adpcm_ima_qt")),
    "MP3, 48 then 44.1 kHz": Recording(made.joined("a.mp3", (48000, 2), (44100, 2)), work=True),
    "MP3, mono then stereo": Recording(made.joined("a.mp3", (44100, 1), (44100, 2)), work=True),
    "MP3, stereo then mono": Recording(made.joined("a.mp3", (44100, 2), (44100, 1)), work=True),
    "MP3, 22.05 kHz mono then 44.1 kHz stereo": Recording(made.joined("a.mp3", (22050, 1), (44100, 2)), work=True),
    "ADTS, 44.1 then 48 kHz": Recording(made.joined("a.aac", (44100, 2), (48000, 1)), work=True),
    "chained Opus": Recording(made.joined("a.opus", (48000, 2), (48000, 2), "-c:a", "libopus"), work=True),
    "chained Vorbis": Recording(made.joined("a.ogg", (44100, 2), (44100, 2), "-c:a", "libvorbis"), work=True),
    "chained FLAC": Recording(made.joined("a.ogg", (44100, 2), (44100, 2), "-c:a", "flac"), work=True),
    "film whose clock jumps an hour on": Recording(partial(made.jumping_stream, offsets=(0, 3600)), film=True),
    "film whose clock jumps an hour back": Recording(partial(made.jumping_stream, offsets=(3600, 0)), film=True),
    "film whose header says twice the length": Recording(made.wrong_length, film=True),
    "camcorder's LPCM": Recording(
        made.film("a.m2ts", "-c:v", "mpeg2video", "-c:a", "pcm_bluray", "-mpegts_m2ts_mode", "1", "-f", "mpegts"),
        film=True,
    ),
    "DVD's LPCM": Recording(made.film("a.vob", "-c:v", "mpeg2video", "-c:a", "pcm_dvd", "-f", "vob"), film=True),
    "IMA4 in a film": Recording(made.film("a.mov", *MPEG4, "-c:a", "adpcm_ima_qt"), film=True),
    "big-endian float in a film": Recording(made.film("a.mov", *MPEG4, "-c:a", "pcm_f32be"), film=True),
    "Nellymoser in a film": Recording(
        made.film("a.flv", "-c:v", "flv1", "-c:a", "nellymoser", rate=44100, channels=1), film=True
    ),
    "MP3 in Matroska": Recording(made.film("a.mkv", *MPEG4, "-c:a", "libmp3lame"), film=True),
    "muted for 2 s: webm": Recording(made.muted("a.webm", "-c:a", "libopus"), work=True, gap=GAP),
    "muted for 2 s: m4a": Recording(made.muted("a.m4a", "-c:a", "aac"), work=True, gap=GAP),
    "muted for 0.3 s: webm": Recording(made.muted("a.webm", "-c:a", "libopus", gap=0.3), work=True, gap=0.3),
    "muted for 2 s: film": Recording(made.muted("a.mkv", "-c:a", "flac", picture=True), film=True, gap=GAP),
    "unknown codec first: film": Recording(made.unknown_first("a.mov", film=True), film=True),
    "unknown codec first: m4a": Recording(made.unknown_first("a.m4a")),
    "stereo named back left and back right": Recording(made.masked(0x30)),
    "stereo named centre and LFE": Recording(made.masked(0x0C)),
    "stereo named top left and top right": Recording(made.masked(0x5000)),
    "mono named LFE": Recording(made.masked(0x08, 1)),
    "3 channels named left, centre and back left": Recording(made.masked(0x15, 3)),
    "6 tracks, the 4th sounds": Recording(made.tracks(6, 3)),
    "8 tracks, the 4th sounds": Recording(made.tracks(8, 3)),
    "3 tracks, the last sounds": Recording(made.tracks(3, 2)),
    "12 tracks, the last sounds": Recording(made.tracks(12, 11)),
}


@pytest.mark.parametrize("name", RECORDINGS)
async def test_a_recording_is_whole_and_cut_by_its_content(studio: Studio, tmp_path: Path, name: str) -> None:
    recording = RECORDINGS[name]
    file = await asyncio.to_thread(recording.make, tmp_path)
    kind = SourceType.VIDEO_FILE if recording.film else SourceType.AUDIO_FILE

    ingested = await studio.ingest_as(file, kind)
    clips = [clip_of(ingested.asset_id, begin, end) for begin, end in CUTS]
    saved = samples_of(await studio.save(recipe_of(*clips, outputSampleRate=RATE)))

    assert SECONDS - 0.05 <= ingested.analysis.duration <= SECONDS + recording.late
    assert ingested.analysis.duration == pytest.approx(_whole_decode(file, recording) + recording.gap, abs=0.06)
    assert (studio.asset(ingested.asset_id) / "work.flac").exists() == recording.work
    assert len(saved) == sum(round(end * RATE) - round(begin * RATE) for begin, end in CUTS)
    assert _places(saved) == pytest.approx(_expected(recording), abs=DELAY)
    assert _height(studio, ingested.asset_id) == pytest.approx(0.4, abs=0.05)


REFUSED = {
    "big-endian WAV": (made.big_endian, "big-endian byte order"),
    "encrypted": (made.encrypted, "encrypted"),
    "several WAV files in one": (made.several_in_one("a.wav", "-c:a", "pcm_s16le"), "several WAV files"),
    "several FLAC files in one": (made.several_in_one("a.flac"), "several FLAC files"),
    "xHE-AAC": (made.unknown_profile, r"in a codec that is not known here \(Audio object type 42"),
    "odd chunk without its pad byte": (made.unpadded, "no 'data' tag found"),
    "a gap of 3 minutes": (made.muted("a.webm", "-c:a", "libopus", "-t", "6"), "gap of"),
}


@pytest.mark.parametrize("name", [name for name in REFUSED if "gap" not in name])
async def test_a_refusal_says_why(studio: Studio, tmp_path: Path, name: str) -> None:
    make, reason = REFUSED[name]
    file = await asyncio.to_thread(make, tmp_path)

    with pytest.raises(PermanentError, match=reason) as caught:
        await studio.ingest_as(file, SourceType.AUDIO_FILE)

    assert caught.value.kind is ErrorKind.UNSUPPORTED_MEDIA
    assert str(tmp_path) not in caught.value.message


def _whole_decode(file: Path, recording: Recording) -> float:
    """Seconds of samples that ffmpeg gives by its own defaults, of the track that holds the sweep."""
    track = "0:a:1" if "unknown_first" in getattr(recording.make, "__qualname__", "") else "0:a:0"
    argv = ["ffmpeg", "-v", "quiet", "-i", file, "-map", track, "-ac", "1", "-ar", "8000", "-f", "s16le", "pipe:1"]
    raw = subprocess.run(argv, stdout=subprocess.PIPE, timeout=60, check=False).stdout
    if not raw:  # a layout that ffmpeg does not mix
        argv[7:9] = ["-c:a", "pcm_s16le"]
        return SECONDS
    return len(raw) / 2 / 8000


def _expected(recording: Recording) -> list[float]:
    """The middle of each cut, or silence where it lies in a gap."""
    middles = [(begin + end) / 2 for begin, end in CUTS]
    gap = (JOINT + 0.1, JOINT + recording.gap - 0.1)
    return [-1.0 if gap[0] < middle < gap[1] else middle for middle in middles]


def _places(saved: np.ndarray) -> list[float]:
    places, at = [], 0
    for begin, end in CUTS:
        count = round(end * RATE) - round(begin * RATE)
        places.append(place_of(saved[at : at + count], RATE))
        at += count
    return places


def _height(studio: Studio, asset_id: str) -> float:
    """The median of what the waveform shows above the line, but for silence."""
    highs = np.array(studio.peaks(asset_id)[1::2])
    return float(np.median(highs[highs > 0.1]))
