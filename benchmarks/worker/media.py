"""An ingest and a normalised save of half an hour of stereo, against the usual way: one run of ffmpeg per step."""

import asyncio
import json
import re
import subprocess
import time
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from temporalio.testing import ActivityEnvironment

from audioprep.activities.attempt.media_limits import MediaLimits
from audioprep.activities.ingest import IngestActivities
from audioprep.activities.ingest_steps import FetchSourceInput, PublishAssetInput
from audioprep.activities.render.loudness import LoudnessTarget
from audioprep.activities.resources import ActivityResources
from audioprep.activities.save import RenderInput, SaveActivities
from audioprep.activities.storage.cache import ObjectCache
from audioprep.activities.storage.store import Storage
from audioprep.jobs.types.ingest import IngestPayload, SourceType
from audioprep.jobs.types.recipe import Recipe
from benchmarks.measurement import Measurement, Row, ratio_at_most
from benchmarks.worker.plain_decode import plain_row
from benchmarks.worker.save_set import RATE, SWELL, make_source

_LIMITS = MediaLimits(max_bytes=1 << 30, max_seconds=4 * 3600)
_INGEST, _SAVE = 0.6, 0.3  # of the usual way's time
_LOUD = f"{SWELL},volume='if(lt(mod(t,20),0.01),8,0.5)':eval=frame"
_PROGRAMMES = {"peaks leave room": SWELL, "needs the limiter": _LOUD}
_PEAK_RATE = 50  # pairs of minimum and maximum per second


async def run(folder: Path, quick: bool) -> Sequence[Row]:
    minutes = 1 if quick else 30
    rows: list[Row] = []
    usual = 0.0
    for name, sound in _PROGRAMMES.items():
        asset = str(uuid.uuid4())
        source = await asyncio.to_thread(make_source, folder / "storage/assets" / asset, sound, minutes * 60.0)
        if not rows:
            mp3 = await asyncio.to_thread(_as_mp3, source, folder / "storage/uploads/source.mp3")
            rows += [await _ingest_row(folder, mp3, minutes), await plain_row(folder, mp3, minutes)]
            usual = await _timed(_save_as_usual, source, folder)  # loudnorm takes as long for any sound
        ours = await _save(folder, asset, minutes * 60.0)
        rows.append(_row(f"normalised save of {minutes} min, {name}", ours, usual, _SAVE))
        source.unlink()
    return rows


async def _ingest_row(folder: Path, source: Path, minutes: int) -> Row:
    usual, ours = [], []
    for _ in range(3):
        usual.append(await _timed(_ingest_as_usual, source, folder))
        ours.append(await _ingest(folder, source))
    return _row(f"ingest of {minutes} min as MP3", min(ours), min(usual), _INGEST)


async def _ingest(folder: Path, source: Path) -> float:
    """The activities of an ingest, the copy within storage included."""
    steps, run = IngestActivities(_resources(folder)), ActivityEnvironment().run
    payload = IngestPayload(source_type=SourceType.AUDIO_FILE, storage_key=f"uploads/{source.name}")
    asset, began = str(uuid.uuid4()), time.monotonic()
    original = await run(steps.fetch_source, FetchSourceInput(asset_id=asset, source=payload))
    metadata = await run(steps.analyze, original)
    await run(
        steps.publish_asset, PublishAssetInput(asset_id=asset, metadata=metadata, original=original, source=payload)
    )
    return time.monotonic() - began


async def _save(folder: Path, asset: str, seconds: float) -> float:
    steps, run = SaveActivities(_resources(folder), LoudnessTarget()), ActivityEnvironment().run
    clip = {"id": "a", "sourceAssetId": asset, "startTime": 0, "endTime": seconds}
    recipe = Recipe.model_validate({"assetId": str(uuid.uuid4()), "clips": [clip], "normalize": True})
    began = time.monotonic()
    plan = await run(steps.measure, recipe)
    await run(steps.render, RenderInput(recipe=recipe, plan=plan))
    await run(steps.publish, recipe)
    return time.monotonic() - began


def _resources(folder: Path) -> ActivityResources:
    storage = Storage.open(f"file:{folder / 'storage'}")
    return ActivityResources(storage, ObjectCache(folder / "cache", storage, 1 << 31), _LIMITS, folder / "scratch")


def _ingest_as_usual(source: Path, folder: Path) -> None:
    """Probe, a decode that shows that the file is whole, a decode for the peaks, a decode for the picture."""
    show = ["ffprobe", "-v", "error", "-of", "json", "-show_format", "-show_streams", str(source)]
    subprocess.run(show, check=True, capture_output=True, timeout=600)
    _ffmpeg("-v", "error", "-i", source, "-f", "null", "-")
    samples = folder / "usual.s16"
    _ffmpeg("-i", source, "-ac", "1", "-f", "s16le", samples)
    mono = np.fromfile(samples, dtype="<i2").astype(np.float32) / 32768
    windows = mono[: len(mono) // (RATE // _PEAK_RATE) * (RATE // _PEAK_RATE)].reshape(-1, RATE // _PEAK_RATE)
    pairs = np.stack([windows.min(axis=1), windows.max(axis=1)], axis=1).ravel()
    (folder / "usual.json").write_text(json.dumps([round(float(value), 4) for value in pairs]))
    _ffmpeg("-i", source, "-filter_complex", "showwavespic=s=1800x280", "-frames:v", "1", folder / "usual.png")
    samples.unlink()


def _save_as_usual(source: Path, folder: Path) -> None:
    """Render, measure with `loudnorm`, apply what was measured with `loudnorm`."""
    render, result = folder / "render.wav", folder / "usual.wav"
    _ffmpeg("-i", source, "-ar", str(RATE), render)
    target = "loudnorm=I=-24:TP=-2:LRA=11"
    said = _ffmpeg("-i", render, "-af", f"{target}:print_format=json", "-f", "null", "-")
    found: dict[str, Any] = json.loads(re.findall(r"\{[^{}]*\}", said)[-1])
    known = ":".join(f"measured_{key}={found[f'input_{key.lower()}']}" for key in ("I", "TP", "LRA"))
    known += f":measured_thresh={found['input_thresh']}:offset={found['target_offset']}:linear=true"
    _ffmpeg("-i", render, "-af", f"{target}:{known}", "-ar", str(RATE), result)
    render.unlink()
    result.unlink()


async def _timed(way: Callable[[Path, Path], None], source: Path, folder: Path) -> float:
    began = time.monotonic()
    await asyncio.to_thread(way, source, folder)
    return time.monotonic() - began


def _as_mp3(source: Path, target: Path) -> Path:
    target.parent.mkdir(parents=True, exist_ok=True)
    _ffmpeg("-i", source, "-b:a", "192k", target)
    return target


def _row(what: str, ours: float, usual: float, goal: float) -> Row:
    return ratio_at_most(what, f"{ours:.1f} s", f"{usual:.1f} s the usual way", ours / usual, goal)


def _ffmpeg(*arguments: str | Path) -> str:
    command = ["ffmpeg", "-nostdin", "-hide_banner", "-nostats", "-y", *map(str, arguments)]
    return subprocess.run(command, check=True, capture_output=True, timeout=1800).stderr.decode()


MEASUREMENT = Measurement(
    "media",
    "Half an hour of stereo",
    "The activities of one job on local storage, with its downloads, checks and uploads, against one run of"
    " ffmpeg per step: for an ingest ffprobe, a decode to see that the file is whole, one for the peaks and one"
    " for the picture; for a save render, `loudnorm` to measure, `loudnorm` to apply. The ingest is the best of"
    " 3 in turn, the saves are taken once.",
    run,
)
