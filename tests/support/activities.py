"""Rendering without a server: activities called directly, on real ffmpeg and a storage folder of the test's own."""

import json
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from temporalio.testing import ActivityEnvironment

from audioprep.activities.attempt.media_limits import MediaLimits
from audioprep.activities.ingest import IngestActivities
from audioprep.activities.ingest_steps import Analysis, FetchSourceInput, Original, PublishAssetInput
from audioprep.activities.loudness_report import LoudnessReportActivities, ReportInput
from audioprep.activities.preview import PreviewActivities, PreviewInput
from audioprep.activities.render.loudness import LoudnessTarget
from audioprep.activities.resources import ActivityResources
from audioprep.activities.save import RenderInput, SaveActivities
from audioprep.activities.storage.cache import ObjectCache
from audioprep.activities.storage.store import Storage
from audioprep.jobs.progress import StepProgress
from audioprep.jobs.types.ingest import IngestPayload, SourceType
from audioprep.jobs.types.loudness import LoudnessReport
from audioprep.jobs.types.preview import PreviewPayload
from audioprep.jobs.types.recipe import Recipe
from audioprep.jobs.types.save import SavedFile

T = TypeVar("T")


@dataclass(frozen=True)
class Ingested:
    asset_id: str
    original: Original
    analysis: Analysis


@dataclass
class Studio:
    """Assets in, renders out; `heartbeats` is everything the activities said of themselves."""

    folder: Path
    limits: MediaLimits = field(default_factory=MediaLimits)
    heartbeats: list[StepProgress] = field(default_factory=list)
    target: LoudnessTarget = field(default_factory=LoudnessTarget)

    @property
    def storage(self) -> Path:
        return self.folder / "storage"

    @property
    def resources(self) -> ActivityResources:
        storage = Storage.open(f"file:{self.storage}")
        cache = ObjectCache(self.folder / "cache", storage, 1 << 30)
        return ActivityResources(storage, cache, self.limits, self.folder / "scratch")

    def add(self, file: Path, asset_id: str | None = None) -> str:
        """Put a file where ingest would have put it; without a metadata.json, so that it is decoded once."""
        asset_id = asset_id or str(uuid.uuid4())
        target = self.asset(asset_id) / f"original{file.suffix}"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(file.read_bytes())
        return asset_id

    async def ingest(self, file: Path) -> str:
        """The whole of an ingest of an upload. The asset's id."""
        return (await self.ingest_as(file, SourceType.AUDIO_FILE)).asset_id

    async def ingest_as(self, file: Path, source_type: SourceType, *, playable: bool = False) -> "Ingested":
        """The whole of an ingest, and what it found."""
        asset_id = str(uuid.uuid4())
        upload = self.storage / "uploads" / file.name
        upload.parent.mkdir(parents=True, exist_ok=True)
        upload.write_bytes(file.read_bytes())
        source = IngestPayload(source_type=source_type, storage_key=f"uploads/{file.name}", playable=playable)
        steps = IngestActivities(self.resources)
        original = await self._run(steps.fetch_source, FetchSourceInput(asset_id=asset_id, source=source))
        analysis = await self._run(steps.analyze, original)
        order = PublishAssetInput(asset_id=asset_id, metadata=analysis, original=original, source=source)
        await self._run(steps.publish_asset, order)
        return Ingested(asset_id, original, analysis)

    def peaks(self, asset_id: str) -> list[float]:
        found: list[float] = json.loads((self.asset(asset_id) / "peaks.json").read_text())
        return found

    def asset(self, asset_id: str) -> Path:
        return self.storage / "assets" / asset_id

    async def save(self, recipe: dict[str, Any]) -> Path:
        """The whole of a save. The prepared file."""
        model = Recipe.model_validate(recipe)
        save = SaveActivities(self.resources, self.target)
        plan = await self._run(save.measure, model) if model.normalize else None
        key = await self._run(save.render, RenderInput(recipe=model, plan=plan))
        await self._run(save.publish, model)
        return self.storage / key

    async def save_files(self, recipe: dict[str, Any]) -> dict[str, SavedFile]:
        """The whole of a save with `outputs`. Its files by format."""
        model = Recipe.model_validate(recipe)
        save = SaveActivities(self.resources, self.target)
        plan = await self._run(save.measure, model) if model.normalize else None
        rendered = await self._run(save.render_outputs, RenderInput(recipe=model, plan=plan))
        await self._run(save.publish, model)
        return {file.format.value: file for file in rendered.files}

    async def report(self, recipe: dict[str, Any], *files: Path) -> LoudnessReport:
        """The report on a recipe, and on the files that a save has made of it."""
        first, *more = [str(file.relative_to(self.storage)) for file in files] or [None]
        rest = tuple(key for key in more if key)
        order = ReportInput(recipe=Recipe.model_validate(recipe), prepared_key=first, more_keys=rest)
        return await self._run(LoudnessReportActivities(self.resources).report_loudness, order)

    async def preview(self, recipe: dict[str, Any], recipe_hash: str | None = "hash") -> Path:
        """The MP3 of a recipe, rendered unless it is there."""
        order = _input(recipe, recipe_hash)
        await self._run(PreviewActivities(self.resources, self.target).render_preview, order)
        return self.storage / order.key

    async def has_preview(self, recipe: dict[str, Any], recipe_hash: str | None = "hash") -> bool:
        find = PreviewActivities(self.resources, self.target).find_preview
        return await self._run(find, _input(recipe, recipe_hash))

    async def _run(self, step: Callable[[Any], Awaitable[T]], order: Any) -> T:
        environment = ActivityEnvironment()
        environment.on_heartbeat = self.heartbeats.append
        return await environment.run(step, order)


def _input(recipe: dict[str, Any], recipe_hash: str | None) -> PreviewInput:
    return PreviewInput.of(PreviewPayload(recipe=Recipe.model_validate(recipe), recipe_hash=recipe_hash))


def recipe_of(*clips: dict[str, Any], asset_id: str | None = None, **fields: Any) -> dict[str, Any]:
    """A recipe whose clips are numbered."""
    numbered = [{"id": f"clip-{number}", **clip} for number, clip in enumerate(clips)]
    return {"version": 1, "assetId": asset_id or str(uuid.uuid4()), "clips": numbered, **fields}


def clip_of(source: str, start: float, end: float, **fields: Any) -> dict[str, Any]:
    return {"sourceAssetId": source, "startTime": start, "endTime": end, **fields}
