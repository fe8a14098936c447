"""A normalised save against the usual way, and the worker's memory: `python -m benchmarks.normalize [MINUTES]`.

The usual way is three runs of ffmpeg: render, `loudnorm` to measure, `loudnorm` to apply what was measured. Its time
does not depend on the sound, so it is taken once. Ours are the activities of a save on local storage, downloads, checks
and uploads included. Two programmes: one whose peaks leave room for the gain, one with bursts that need the limiter.
Memory is that of the Python process, without ffmpeg's.
"""

import asyncio
import json
import re
import resource
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from temporalio.testing import ActivityEnvironment

from audioprep.activities.cache import ObjectCache
from audioprep.activities.limits import MediaLimits
from audioprep.activities.loudness import LoudnessTarget
from audioprep.activities.resources import Resources
from audioprep.activities.save import RenderOrder, SaveActivities
from audioprep.activities.storage import Storage
from audioprep.jobs.ingest import AudioMetadata
from audioprep.jobs.recipe import Recipe

RATE = 44100
SHORT_SECONDS = 60
LIMITS = MediaLimits(max_bytes=1 << 30, max_seconds=4 * 3600)
SWELL = f"anoisesrc=r={RATE}:c=pink:a=0.2:seed=1,volume='0.55+0.45*sin(2*PI*t/30)':eval=frame"
PROGRAMMES = {
    "swelling noise": SWELL,
    "with loud bursts": f"{SWELL},volume='if(lt(mod(t,20),0.01),8,0.5)':eval=frame",
}


def main() -> None:
    if sys.argv[1:2] == ["ours"]:
        print(json.dumps(asyncio.run(save(Path(sys.argv[2]), sys.argv[3], float(sys.argv[4])))))
        return
    seconds = float(sys.argv[1] if len(sys.argv) > 1 else 30) * 60
    with tempfile.TemporaryDirectory() as folder:
        run_all(Path(folder), seconds)


def run_all(folder: Path, seconds: float) -> None:
    table = Table(title=f"Normalised save of {seconds / 60:g} minutes of stereo")
    for column in ("programme", "usual way", "audioprep", "ratio", f"RSS {SHORT_SECONDS} s", f"RSS {seconds:g} s"):
        table.add_column(column, justify="right")
    usual: float | None = None
    for name, sound in PROGRAMMES.items():
        asset = str(uuid.uuid4())
        source = make_source(folder / "storage" / "assets" / asset, sound, seconds)
        usual = usual or time_usual_way(source, folder)
        short, whole = ours(folder, asset, SHORT_SECONDS), ours(folder, asset, seconds)
        times = (f"{usual:.1f} s", f"{whole['wall']:.1f} s", f"{whole['wall'] / usual:.2f}")
        table.add_row(name, *times, *(f"{run['peak_mb']:.0f} MB" for run in (short, whole)))
        source.unlink()
    Console(width=110).print(table)


def make_source(asset: Path, sound: str, seconds: float) -> Path:
    """What an ingest would have left behind."""
    asset.mkdir(parents=True, exist_ok=True)
    source = asset / "original.wav"
    ffmpeg("-f", "lavfi", "-t", str(seconds), "-i", sound, "-ac", "2", source)
    described = AudioMetadata(
        duration=seconds,
        sample_rate=RATE,
        channels=2,
        codec="pcm_s16le",
        format="wav",
        original_filename="original.wav",
    )
    (asset / "metadata.json").write_text(described.model_dump_json())
    return source


def time_usual_way(source: Path, folder: Path) -> float:
    began = time.monotonic()
    render, result = folder / "render.wav", folder / "usual.wav"
    ffmpeg("-i", source, "-ar", str(RATE), render)
    target = "loudnorm=I=-24:TP=-2:LRA=11"
    said = ffmpeg("-i", render, "-af", f"{target}:print_format=json", "-f", "null", "-")
    found: dict[str, Any] = json.loads(re.findall(r"\{[^{}]*\}", said)[-1])
    known = ":".join(f"measured_{key}={found[f'input_{key.lower()}']}" for key in ("I", "TP", "LRA"))
    known += f":measured_thresh={found['input_thresh']}:offset={found['target_offset']}:linear=true"
    ffmpeg("-i", render, "-af", f"{target}:{known}", "-ar", str(RATE), result)
    wall = time.monotonic() - began
    render.unlink()
    result.unlink()
    return wall


def ours(folder: Path, asset: str, seconds: float) -> dict[str, float]:
    """A save in a process of its own, so that its peak memory is its own."""
    argv = [sys.executable, "-m", "benchmarks.normalize", "ours", str(folder), asset, str(seconds)]
    answer: dict[str, float] = json.loads(subprocess.run(argv, check=True, capture_output=True, timeout=1800).stdout)
    return answer


async def save(folder: Path, asset: str, seconds: float) -> dict[str, float]:
    storage = Storage.open(f"file:{folder / 'storage'}")
    resources = Resources(storage, ObjectCache(folder / "cache", storage, 1 << 31), LIMITS, folder / "scratch")
    clip = {"id": "a", "sourceAssetId": asset, "startTime": 0, "endTime": seconds}
    recipe = Recipe.model_validate({"assetId": str(uuid.uuid4()), "clips": [clip], "normalize": True})
    activities = SaveActivities(resources, LoudnessTarget())
    run = ActivityEnvironment().run
    began = time.monotonic()
    plan = await run(activities.measure, recipe)
    await run(activities.render, RenderOrder(recipe=recipe, plan=plan))
    await run(activities.publish, recipe)
    wall = time.monotonic() - began
    return {"wall": wall, "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


def ffmpeg(*arguments: str | Path) -> str:
    command = ["ffmpeg", "-nostdin", "-hide_banner", "-nostats", "-y", *map(str, arguments)]
    return subprocess.run(command, check=True, capture_output=True, timeout=1800).stderr.decode()


if __name__ == "__main__":
    main()
