"""Previews of half an hour, against ffmpeg's MP3 with its default settings: how long they take, and how they sound."""

import asyncio
import os
import subprocess
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from temporalio.testing import ActivityEnvironment

from audioprep.activities.attempt.media_limits import MediaLimits
from audioprep.activities.preview import PreviewActivities, PreviewInput
from audioprep.activities.render.encoding import AAC_KBPS, PREVIEW, Encoding, encoding_of
from audioprep.activities.render.loudness import LoudnessTarget
from audioprep.activities.resources import ActivityResources
from audioprep.activities.storage.cache import ObjectCache
from audioprep.activities.storage.store import Storage
from audioprep.jobs.types.outputs import FileFormat, RecipeOutput
from audioprep.jobs.types.preview import PreviewPayload
from audioprep.jobs.types.recipe import Recipe
from benchmarks.figures import median, spread
from benchmarks.measurement import Measurement, Row, ratio_at_most
from benchmarks.worker.masking import noise_to_mask
from benchmarks.worker.save_set import RATE, SWELL, make_source

_LIMITS: Final = MediaLimits(max_bytes=1 << 30, max_seconds=4 * 3600)
_STEREO: Final = 2
# Three tones that are struck and die away, one of them trembling, and a brush: about what music asks of an encoder.
_MUSIC: Final = (
    "aevalsrc='0.3*sin(2*PI*220*t)*exp(-2*mod(t,0.5))+0.2*sin(2*PI*(440+3*sin(2*PI*5*t))*t)"
    "+0.15*sin(2*PI*1318*t)*exp(-6*mod(t,0.25))+0.08*(random(0)*2-1)*exp(-20*mod(t,0.5))"
    "|0.3*sin(2*PI*221*t)*exp(-2*mod(t,0.5))+0.2*sin(2*PI*(660+3*sin(2*PI*5*t))*t)"
    f"+0.08*(random(1)*2-1)*exp(-20*mod(t,0.25))':s={RATE}"
)
_PROGRAMMES: Final = {"music-like": _MUSIC, "noise, the worst case": SWELL}
_GOAL: Final = 0.55


async def run(folder: Path, quick: bool) -> Sequence[Row]:
    seconds, rounds = (60, 1) if quick else (1800, 1)
    rows: list[Row] = []
    for name, sound in _PROGRAMMES.items():
        asset = str(uuid.uuid4())
        source = await asyncio.to_thread(make_source, folder / "storage/assets" / asset, sound, float(seconds))
        took: dict[str, list[float]] = {"usual": [], "as it is": [], "normalised": []}
        for _ in range(rounds):
            took["usual"].append(await asyncio.to_thread(_usual, source, folder / "usual.mp3"))
            for way in ("as it is", "normalised"):
                took[way].append(await _preview(folder, asset, seconds, normalize=way == "normalised"))
        usual = took.pop("usual")
        for way, times in took.items():
            ratio = median([ours / theirs for ours, theirs in zip(times, usual, strict=True)])
            what = f"preview of {seconds // 60} min, {way}: {name}"
            rows.append(ratio_at_most(what, f"{spread(times, 1)} s of CPU", f"{spread(usual, 1)} s", ratio, _GOAL))
        source.unlink()
        rows += await asyncio.to_thread(_quality, folder, name, sound)
    return rows


async def _preview(folder: Path, asset: str, seconds: int, *, normalize: bool) -> float:
    storage = Storage.open(f"file:{folder / 'storage'}")
    cache = ObjectCache(folder / "cache", storage, 1 << 31)
    steps = PreviewActivities(ActivityResources(storage, cache, _LIMITS, folder / "scratch"), LoudnessTarget())
    clip = {"id": "a", "sourceAssetId": asset, "startTime": 0, "endTime": seconds}
    recipe = Recipe.model_validate({"assetId": str(uuid.uuid4()), "clips": [clip], "normalize": normalize})
    order = PreviewInput.of(PreviewPayload(recipe=recipe))
    began = _cpu_seconds()
    await ActivityEnvironment().run(steps.render_preview, order)
    return _cpu_seconds() - began


def _usual(source: Path, target: Path) -> float:
    began = _cpu_seconds()
    _encode(source, target, "-c:a", "libmp3lame", "-b:a", "128k")
    return _cpu_seconds() - began


def _cpu_seconds() -> float:
    """CPU time of this process and of the children it waited for, one after the other: what an idle machine takes."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def _quality(folder: Path, name: str, sound: str) -> list[Row]:
    """The noise-to-mask ratio of what we make and of what the encoders' defaults make, at the same bit rates."""
    source = make_source(folder / "quality", sound, 60.0)
    aac = RecipeOutput(format=FileFormat.AAC)
    usual = {"MP3": ("-c:a", "libmp3lame", "-b:a", "128k"), "AAC": ("-c:a", "aac", "-b:a", f"{AAC_KBPS}k")}
    ours: dict[str, Encoding] = {"MP3": PREVIEW, "AAC": encoding_of(aac, RATE, _STEREO)}
    rows = []
    for kind, encoding in ours.items():
        file = folder / f"ours.{encoding.extension}"
        theirs = folder / f"theirs.{encoding.extension}"
        _encode(source, file, *encoding.options)
        _encode(source, theirs, *usual[kind])
        heard, compared = noise_to_mask(source, file), noise_to_mask(source, theirs)
        goal = "at most 0.1 dB above"
        what = f"noise to mask of {kind}, {name}"
        rows.append(Row(what, f"{heard:.1f} dB", f"{compared:.1f} dB", None, goal, heard <= compared + 0.1))
    return rows


def _encode(source: Path, target: Path, *options: str) -> None:
    command = ["ffmpeg", "-v", "error", "-y", "-i", str(source), *options, str(target)]
    subprocess.run(command, check=True, timeout=1800)


MEASUREMENT = Measurement(
    "previews",
    "Previews of half an hour, and the sound of the encoders",
    "The activity of a preview on local storage, with its checks and its upload, against one run of ffmpeg that makes"
    " an MP3 of 128 kbit/s with the encoder's defaults, one after the other, by CPU time. Noise to mask:"
    " after ITU-R BS.1387, lower is better, our encoder settings against the defaults at the same bit rate.",
    run,
)
