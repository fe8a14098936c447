"""Random joins: segments of any rate, number of channels and codec in one file, cut at random, by a whole decode."""

import asyncio
import itertools
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audioprep.jobs.types.ingest import SourceType
from tests.support.activities import Studio, clip_of, recipe_of
from tests.support.listening import Samples, samples_of
from tests.support.recordings import ffmpeg
from tests.support.sweep import wav_of_sweep

RATE = 48000
# By extension: the codec's options, the rates it has, and whether it is a stream with a clock (a film).
CONTAINERS: dict[str, tuple[tuple[str, ...], tuple[int, ...]]] = {
    "mp3": (("-c:a", "libmp3lame"), (22050, 24000, 44100, 48000)),
    "aac": (("-c:a", "aac"), (16000, 44100, 48000)),
    "ac3": (("-c:a", "ac3"), (32000, 44100, 48000)),
    "mp2": (("-c:a", "mp2"), (32000, 44100, 48000)),
    "opus": (("-c:a", "libopus"), (48000,)),
    "ogg": (("-c:a", "libvorbis"), (22050, 44100, 48000)),
    "ts": (("-c:a", "aac"), (44100, 48000)),
}
LISTEN = RATE // 8  # samples that are compared, at the beginning and at the end of each cut
FRAME = 0.13  # seconds: of each joint, a frame of the lowest rate, an encoder's delay and the padding behind it


@dataclass(frozen=True)
class Segment:
    seconds: float
    rate: int
    channels: int


@dataclass(frozen=True)
class Join:
    """A file of segments, and where it is cut."""

    container: str
    segments: tuple[Segment, ...]
    cuts: tuple[float, ...]  # as shares of the whole


@st.composite
def joins(draw: st.DrawFn) -> Join:
    container = draw(st.sampled_from(sorted(CONTAINERS)))
    segment = st.builds(
        Segment,
        seconds=st.floats(0.8, 3.0).map(lambda value: round(value, 2)),
        rate=st.sampled_from(CONTAINERS[container][1]),
        channels=st.sampled_from([1, 2]),
    )
    segments = draw(st.lists(segment, min_size=1, max_size=4))
    cuts = draw(st.lists(st.floats(0.02, 0.85), min_size=1, max_size=3))
    return Join(container, tuple(segments), tuple(cuts))


@settings(max_examples=6, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(join=joins())
def test_cuts_of_joined_segments_are_those_of_a_whole_decode(join: Join) -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(_check(join, Path(folder)))


async def _check(join: Join, folder: Path) -> None:
    file = await asyncio.to_thread(_make, join, folder)
    whole = await asyncio.to_thread(_whole_decode, file)
    studio = Studio(folder / "studio")

    ingested = await studio.ingest_as(file, SourceType.AUDIO_FILE)
    seconds = ingested.analysis.duration
    spans = [(share * seconds, min(share * seconds + 0.5, seconds)) for share in join.cuts]
    clips = [clip_of(ingested.asset_id, begin, end) for begin, end in spans]
    saved = samples_of(await studio.save(recipe_of(*clips, outputSampleRate=RATE)))

    joints = len(join.segments) - 1
    assert abs(seconds - len(whole) / RATE) <= 0.01 + FRAME * joints, join
    at = 0
    slack = round((0.002 + FRAME * joints) * RATE)
    for begin, end in spans:
        count = round(end * RATE) - round(begin * RATE)
        for offset in (0, count - LISTEN):
            if not _is_near_a_joint(join, begin + offset / RATE):
                piece = saved[at + offset : at + offset + LISTEN, 0]
                assert _distance(piece, whole, round(begin * RATE) + offset, slack) < 0.02, (join, begin, offset)
        at += count
    assert at == len(saved)


def _is_near_a_joint(join: Join, begin: float) -> bool:
    """Whether a joint may lie in what is listened to: there two decodes may differ by what a resampler keeps back."""
    joints = itertools.accumulate(segment.seconds for segment in join.segments[:-1])
    return any(begin - 0.4 < joint < begin + LISTEN / RATE + 0.1 for joint in joints)


def _make(join: Join, folder: Path) -> Path:
    options, _ = CONTAINERS[join.container]
    starts = itertools.accumulate((segment.seconds for segment in join.segments), initial=0.0)
    content = b""
    for number, (begin, segment) in enumerate(zip(starts, join.segments, strict=False)):
        source = wav_of_sweep(folder / "part.wav", begin, begin + segment.seconds, segment.rate, segment.channels)
        part = folder / f"part.{join.container}"
        chained = ("-serial_offset", str(number + 1)) if join.container in ("ogg", "opus") else ()
        going_on = ("-output_ts_offset", str(begin)) if join.container == "ts" else ()
        ffmpeg("-i", source, *options, *chained, *going_on, part)
        content += part.read_bytes()
    file = folder / f"joined.{join.container}"
    file.write_bytes(content)
    return file


def _whole_decode(file: Path) -> Samples:
    """The left channel, at one rate, by a plain run of ffmpeg; a mono part sounds on both sides at its own level."""
    left = "pan=mono|FC<FL+FC"
    argv = ["ffmpeg", "-v", "quiet", "-i", file, "-af", left, "-ar", str(RATE), "-f", "f32le", "pipe:1"]
    raw = subprocess.run(argv, stdout=subprocess.PIPE, timeout=60, check=False).stdout
    return np.frombuffer(raw, dtype="<f4").astype(np.float64)


def _distance(piece: Samples, whole: Samples, begin: int, slack: int) -> float:
    """RMS of the difference where the piece fits best, at most `slack` samples beside `begin`."""
    window = np.pad(whole, slack)[begin : begin + len(piece) + 2 * slack]
    window = np.pad(window, (0, max(len(piece) + 2 * slack - len(window), 0)))
    size = len(window) + len(piece)
    product = np.fft.irfft(np.fft.rfft(window, size) * np.conj(np.fft.rfft(piece, size)), size)[: 2 * slack + 1]
    at = int(np.argmax(product))
    return float(np.sqrt(np.mean((window[at : at + len(piece)] - piece) ** 2)))
