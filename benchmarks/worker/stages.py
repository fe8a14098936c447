"""Seconds in each stage of typical jobs: what the shares of the stages in `jobs/registry.py` are chosen from."""

import asyncio
import time
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from aiohttp import web
from temporalio.testing import ActivityEnvironment

from audioprep.activities.attempt.media_limits import MediaLimits
from audioprep.activities.download.address_policy import AddressPolicy, NetworkRules
from audioprep.activities.ingest import IngestActivities
from audioprep.activities.ingest_steps import FetchSourceInput, PublishAssetInput
from audioprep.activities.preview import PreviewActivities, PreviewInput
from audioprep.activities.render.loudness import LoudnessTarget
from audioprep.activities.resources import ActivityResources
from audioprep.activities.save import RenderInput, SaveActivities
from audioprep.activities.storage.cache import ObjectCache
from audioprep.activities.storage.store import Storage
from audioprep.jobs.progress import StepProgress
from audioprep.jobs.types.ingest import IngestPayload, SourceType
from audioprep.jobs.types.preview import PreviewPayload
from audioprep.jobs.types.recipe import Recipe
from benchmarks.measurement import Measurement, Row
from tests.support.audio import make_audio
from tests.support.processes import free_port

_RATE: Final = 5_000_000  # bytes per second of the web site
_PIECE: Final = _RATE // 20
_NOISE: Final = "anoisesrc=r=44100:c=pink:a=0.2:seed=1"


@dataclass
class Clock:
    """Seconds spent in each stage, by the heartbeats of the steps."""

    seconds: Counter[str] = field(default_factory=Counter)
    _stage: str = ""
    _since: float = 0.0

    def enter(self, stage: str) -> None:
        now = time.monotonic()
        if self._stage:
            self.seconds[self._stage] += now - self._since
        self._stage, self._since = stage, now

    def beat(self, said: StepProgress) -> None:
        self.enter(said.stage)


class Jobs:
    """The steps of each type, run one after the other on local storage; every job has a cold cache."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.storage = folder / "storage"
        self.clock = Clock()

    async def ingest(self, **source: Any) -> str:
        """The new asset's id."""
        steps, asset = IngestActivities(self._begin()), str(uuid.uuid4())
        payload = IngestPayload(rights_attested=True, **source)
        original = await self._run(steps.fetch_source, FetchSourceInput(asset_id=asset, source=payload))
        metadata = await self._run(steps.analyze, original)
        await self._run(steps.publish_asset, PublishAssetInput(asset_id=asset, metadata=metadata))
        return asset

    async def preview(self, recipe: Recipe) -> None:
        steps = PreviewActivities(self._begin())
        order = PreviewInput.of(PreviewPayload(recipe=recipe, recipe_hash=uuid.uuid4().hex))
        await self._run(steps.render_preview, order)

    async def save(self, recipe: Recipe) -> None:
        steps = SaveActivities(self._begin(), LoudnessTarget())
        plan = await self._run(steps.measure, recipe) if recipe.normalize else None
        await self._run(steps.render, RenderInput(recipe=recipe, plan=plan))
        await self._run(steps.publish, recipe)

    def row(self, what: str) -> Row:
        """The figures of the job that ran last."""
        self.clock.enter("")
        spent = self.clock.seconds
        told = (f"{stage} {seconds:.2f} s ({seconds / spent.total():.0%})" for stage, seconds in spent.items())
        return Row(what, ", ".join(told))

    def _begin(self) -> ActivityResources:
        self.clock = Clock()
        storage = Storage.open(f"file:{self.storage}")
        cache = ObjectCache(self._folder / f"cache-{uuid.uuid4()}", storage, 1 << 31)
        network = NetworkRules(AddressPolicy(allow_private=True))
        return ActivityResources(storage, cache, MediaLimits(), self._folder / "scratch", network)

    async def _run(self, step: Any, order: Any) -> Any:
        environment = ActivityEnvironment()
        environment.on_heartbeat = self.clock.beat
        return await environment.run(step, order)


async def run(folder: Path, quick: bool) -> Sequence[Row]:
    jobs = Jobs(folder)
    short, long, cut = (2.0, 4.0, 1.0) if quick else (120.0, 900.0, 180.0)
    for name, seconds in (("short", short), ("long", long)):
        await asyncio.to_thread(
            make_audio, jobs.storage / f"uploads/{name}.mp3", seconds, "-ac", "2", "-b:a", "192k", source=_NOISE
        )
    return [*await _ingests(jobs, short, long), *await _renders(jobs, cut)]


async def _ingests(jobs: Jobs, short: float, long: float) -> list[Row]:
    rows = []
    for name, seconds in (("short", short), ("long", long)):
        await jobs.ingest(source_type=SourceType.AUDIO_FILE, storage_key=f"uploads/{name}.mp3")
        rows.append(jobs.row(f"ingest: upload of {seconds:g} s as MP3"))
    async with _site(jobs.storage / "uploads") as url:
        await jobs.ingest(source_type=SourceType.URL, url=f"{url}/long.mp3")
        rows.append(jobs.row(f"ingest: url, {long:g} s as MP3 at {_RATE / 1e6:g} MB/s"))
    return rows


async def _renders(jobs: Jobs, seconds: float) -> list[Row]:
    source = await jobs.ingest(source_type=SourceType.AUDIO_FILE, storage_key="uploads/long.mp3")
    await jobs.preview(_recipe(source, seconds))
    rows = [jobs.row(f"preview: {seconds:g} s")]
    for output_format in ("wav", "aac"):
        for normalize in (True, False):
            await jobs.save(_recipe(source, seconds, normalize=normalize, outputFormat=output_format))
            rows.append(jobs.row(f"save: {seconds:g} s as {output_format}{', normalised' if normalize else ''}"))
    return rows


def _recipe(source: str, seconds: float, **fields: Any) -> Recipe:
    clip = {"id": "a", "sourceAssetId": source, "startTime": 0, "endTime": seconds}
    return Recipe.model_validate({"assetId": str(uuid.uuid4()), "clips": [clip], **fields})


@asynccontextmanager
async def _site(folder: Path) -> AsyncIterator[str]:
    """A web site that answers at a fixed rate. Its URL."""

    async def answer(request: web.Request) -> web.StreamResponse:
        content = await asyncio.to_thread((folder / request.match_info["name"]).read_bytes)
        response = web.StreamResponse(headers={"Content-Type": "audio/mpeg", "Content-Length": str(len(content))})
        await response.prepare(request)
        for start in range(0, len(content), _PIECE):
            await response.write(content[start : start + _PIECE])
            await asyncio.sleep(_PIECE / _RATE)
        return response

    app = web.Application()
    app.router.add_get("/{name}", answer)
    runner, port = web.AppRunner(app), free_port()
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        await runner.cleanup()


MEASUREMENT = Measurement(
    "stages",
    "Where a job's time goes, by stage",
    f"The activities of one job each on local storage with a cold cache, the source of renders being the 15 min of"
    f" MP3; a stage's time by the heartbeats. The web site answers at {_RATE / 1e6:g} MB/s. Renders are of 3 min.",
    run,
)
