"""Ingests of the recordings that cost most, against a plain one as long: time, and memory of the children."""

import asyncio
import contextlib
import shutil
import subprocess
import time
import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil
from temporalio.testing import ActivityEnvironment

from audioprep.activities.attempt.media_limits import MediaLimits
from audioprep.activities.ingest import IngestActivities
from audioprep.activities.ingest_steps import FetchSourceInput, PublishAssetInput
from audioprep.activities.resources import ActivityResources
from audioprep.activities.storage.cache import ObjectCache
from audioprep.activities.storage.store import Storage
from audioprep.jobs.types.ingest import IngestPayload, SourceType
from benchmarks.measurement import Measurement, Row

_LIMITS: Final = MediaLimits(max_bytes=4 << 30, max_seconds=4 * 3600)
_SLOWER, _MEMORY = 6.0, 200.0  # times the plain one's, MB of ffmpeg and ffprobe together
_LOOK: Final = 0.02  # seconds between two looks at the memory of the children
_NOISE: Final = "anoisesrc=a=0.3:r={rate}:d={seconds},lowpass=f=6000"
_PLAIN: Final = "plain MP3"


@dataclass(frozen=True)
class _Cost:
    """Seconds of an ingest, and the most that its children had in memory at one moment, in MB."""

    seconds: float
    children: float


async def run(folder: Path, quick: bool) -> Sequence[Row]:
    seconds = 30 if quick else 1800
    sources = await asyncio.to_thread(_make_all, folder / "storage/uploads", seconds)
    costs = {what: await _cost(folder, source) for what, source in sources.items()}
    plain = costs.pop(_PLAIN)
    rows = [Row(f"{_PLAIN}, {seconds // 60} min", f"{plain.seconds:.1f} s, children {plain.children:.0f} MB")]
    return rows + [_row(what, cost, plain) for what, cost in costs.items()]


def _row(what: str, cost: _Cost, plain: _Cost) -> Row:
    ratio = cost.seconds / plain.seconds
    value = f"{cost.seconds:.1f} s, children {cost.children:.0f} MB"
    goal = f"ratio at most {_SLOWER:g}, children at most {_MEMORY:g} MB"
    return Row(what, value, "the plain one", ratio, goal, ratio <= _SLOWER and cost.children <= _MEMORY)


async def _cost(folder: Path, source: Path) -> _Cost:
    """The activities of one ingest."""
    storage = Storage.open(f"file:{folder / 'storage'}")
    cache = ObjectCache(folder / "cache", storage, 1 << 32)
    steps = IngestActivities(ActivityResources(storage, cache, _LIMITS, folder / "scratch"))
    kind = SourceType.VIDEO_FILE if source.suffix == ".ts" else SourceType.AUDIO_FILE
    payload = IngestPayload(source_type=kind, storage_key=f"uploads/{source.name}")
    asset, run = str(uuid.uuid4()), ActivityEnvironment().run
    began = time.monotonic()
    async with _watched_children() as peak:
        original = await run(steps.fetch_source, FetchSourceInput(asset_id=asset, source=payload))
        metadata = await run(steps.analyze, original)
        order = PublishAssetInput(asset_id=asset, metadata=metadata, original=original, source=payload)
        await run(steps.publish_asset, order)
    took = time.monotonic() - began
    await asyncio.to_thread(shutil.rmtree, folder / "storage/assets" / asset)
    return _Cost(took, max(peak))


@asynccontextmanager
async def _watched_children() -> AsyncIterator[list[float]]:
    """What the children have in memory together, in MB, looked at again and again while the block lasts."""
    peak = [0.0]

    async def watch() -> None:
        while True:
            peak[0] = max(peak[0], await asyncio.to_thread(_memory_of_children))
            await asyncio.sleep(_LOOK)

    watching = asyncio.create_task(watch())
    try:
        yield peak
    finally:
        watching.cancel()
        await asyncio.wait({watching})


def _memory_of_children() -> float:
    total = 0
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            if child.name() in {"ffmpeg", "ffprobe"}:  # a fork has our own memory until it becomes its program
                total += child.memory_info().rss
    return total / 1e6


def _make_all(folder: Path, seconds: int) -> Mapping[str, Path]:
    folder.mkdir(parents=True)
    plain = _encoded(folder / "plain.mp3", seconds, "-ac", "2", "-b:a", "192k")
    halves = [
        _encoded(folder / "one.mp3", seconds // 2, "-ac", "1", "-b:a", "96k", rate=22050),
        _encoded(folder / "two.mp3", seconds // 2, "-ac", "2", "-b:a", "192k"),
    ]
    glued = folder / "glued.mp3"
    glued.write_bytes(b"".join(half.read_bytes() for half in halves))
    tagged = folder / "tagged.mp3"
    tagged.write_bytes(_lyrics(8_000_000) + plain.read_bytes())
    surround = ("-ac", "6", "-c:a", "pcm_s24le", "-rf64", "auto")
    film = ("-ac", "2", "-c:a", "aac", "-b:a", "128k", "-c:v", "mpeg2video", "-b:v", "300k", "-shortest")
    picture = ("-f", "lavfi", "-i", f"testsrc=size=160x120:rate=10:duration={seconds}")
    return {
        _PLAIN: plain,
        "MP3, mono at 22 kHz, then stereo at 44.1 kHz": glued,
        "MP3 behind a tag of 8 MB": tagged,
        "ADPCM in WAV": _encoded(folder / "adpcm.wav", seconds, "-ac", "2", "-c:a", "adpcm_ms"),
        "PCM of 24 bit, 48 kHz, 5.1": _encoded(folder / "surround.wav", seconds, *surround, rate=48000),
        "a film as transport stream": _encoded(folder / "film.ts", seconds, *film, before=picture),
    }


def _encoded(path: Path, seconds: int, *options: str, rate: int = 44100, before: Sequence[str] = ()) -> Path:
    noise = _NOISE.format(rate=rate, seconds=seconds)
    command = ["ffmpeg", "-nostdin", "-v", "error", "-y", *before, "-f", "lavfi", "-i", noise, *options, str(path)]
    subprocess.run(command, check=True, timeout=1800)
    return path


def _lyrics(size: int) -> bytes:
    """An ID3v2.4 tag with one frame of text: https://id3.org/id3v2.4.0-structure."""
    text = b"\x00eng\x00" + b"la " * (size // 3)
    frame = b"USLT" + _syncsafe(len(text)) + b"\x00\x00" + text
    return b"ID3\x04\x00\x00" + _syncsafe(len(frame)) + frame


def _syncsafe(number: int) -> bytes:
    return bytes(number >> shift & 0x7F for shift in (21, 14, 7, 0))


MEASUREMENT = Measurement(
    "recordings",
    "The recordings that cost most",
    "Ingests of half an hour on local storage, each once; the memory is that of ffmpeg and ffprobe together.",
    run,
)
