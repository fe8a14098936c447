"""An ingest over its attempts: what `metadata.json` keeps of earlier ones."""

import json
import os
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from temporalio.testing import ActivityEnvironment

from audioprep.activities.ingest import IngestActivities
from audioprep.activities.ingest_steps import Analysis, Original, PublishAssetInput
from audioprep.activities.render.loudness import LoudnessTarget
from audioprep.activities.save import SaveActivities
from audioprep.jobs import keys
from audioprep.jobs.errors import PermanentError
from audioprep.jobs.types.ingest import IngestPayload, SourceType
from audioprep.jobs.types.recipe import Recipe
from tests.support.activities import Studio, clip_of, recipe_of

BEGAN = datetime(2026, 1, 31, 12, tzinfo=UTC)
FLAT = {"duration": 1.5, "sampleRate": 48000, "channels": 1, "codec": "opus", "format": "ogg", "originalFilename": "a"}
SOURCE = IngestPayload(source_type=SourceType.AUDIO_FILE, storage_key="uploads/a")


async def published(studio: Studio, **fields: Any) -> dict[str, Any]:
    order = PublishAssetInput(asset_id="a", metadata=Analysis.model_validate(FLAT), source=SOURCE, began=BEGAN)
    steps = IngestActivities(studio.resources)
    await ActivityEnvironment().run(steps.publish_asset, order.model_copy(update=fields))
    described: dict[str, Any] = json.loads((studio.asset("a") / "metadata.json").read_text())
    return described


async def test_every_attempt_writes_the_time_at_which_the_job_began(studio: Studio) -> None:
    first, second = await published(studio), await published(studio)

    assert first["createdAt"] == second["createdAt"] == "2026-01-31T12:00:00.000Z"


async def test_a_later_ingest_of_the_asset_keeps_its_time(studio: Studio) -> None:
    await published(studio)

    later = await published(studio, began=datetime(2026, 2, 1, tzinfo=UTC))

    assert later["createdAt"] == "2026-01-31T12:00:00.000Z"
    assert later["updatedAt"] > later["createdAt"]


@pytest.mark.parametrize("content", [json.dumps(FLAT), "no JSON", "[]", ""])
async def test_a_file_without_a_time_is_replaced(studio: Studio, content: str) -> None:
    studio.asset("a").mkdir(parents=True)
    (studio.asset("a") / "metadata.json").write_text(content)

    assert (await published(studio))["createdAt"] == "2026-01-31T12:00:00.000Z"


@pytest.mark.parametrize(
    ("source", "attested"),
    [
        ({}, None),
        ({"rights_attested": True}, "2026-01-31T12:00:00.000Z"),
        ({"rights_attested": True, "rights_attested_at": "2026-01-30T00:00:00.000Z"}, "2026-01-30T00:00:00.000Z"),
        ({"rights_attested_at": "2026-01-30T00:00:00.000Z"}, "2026-01-30T00:00:00.000Z"),
    ],
    ids=["not attested", "attested, no time", "attested at a time", "a time alone"],
)
async def test_the_attestation_is_kept(studio: Studio, source: dict[str, Any], attested: str | None) -> None:
    found = await published(studio, source=SOURCE.model_copy(update=source))

    assert found["provenance"].get("rightsAttestedAt") == attested


async def test_a_step_that_an_earlier_version_scheduled_still_publishes(studio: Studio) -> None:
    """Its argument has the fields of that version only."""
    order = PublishAssetInput.model_validate({"assetId": "a", "metadata": FLAT})

    await ActivityEnvironment().run(IngestActivities(studio.resources).publish_asset, order)

    described = json.loads((studio.asset("a") / "metadata.json").read_text())
    assert (described["audio"]["duration"], described["provenance"]["sourceType"]) == (1.5, "audio_file")


async def test_an_asset_whose_original_is_gone_is_not_called_whole(studio: Studio) -> None:
    """It was deleted while it was ingested."""
    original = Original(asset_id="a", key="assets/a/original.ogg", original_filename="a")

    with pytest.raises(PermanentError, match="was deleted while the job ran"):
        await published(studio, original=original)

    assert not (studio.asset("a") / "metadata.json").exists()


@pytest.mark.parametrize(
    ("wanted", "replaced", "gone"),
    [(True, False, True), (False, False, False), (True, True, False)],
    ids=["asked for: removed", "not asked for: stays", "another file by now: stays"],
)
async def test_the_upload_goes_once_the_asset_is_whole(
    studio: Studio, wanted: bool, replaced: bool, gone: bool
) -> None:
    storage = studio.resources.storage
    for key in ("uploads/a", "assets/a/original.ogg"):
        await storage.write(key, b"sound", "audio/ogg")
    version = (await storage.stat("uploads/a")).version
    if replaced:
        await storage.write("uploads/a", b"another sound", "audio/ogg")
    original = Original(asset_id="a", key="assets/a/original.ogg", original_filename="a", upload_version=version)

    await published(studio, original=original, source=SOURCE.model_copy(update={"delete_upload": wanted}))

    assert (await storage.stat_or_none("uploads/a") is None) is gone


async def test_a_save_removes_previews_that_are_too_old(studio: Studio) -> None:
    asset = str(uuid.uuid4())
    storage, recipe = studio.resources.storage, Recipe.model_validate(recipe_of(clip_of(asset, 0, 1), asset_id=asset))
    for key in (keys.preview(asset, "old"), keys.preview(asset, "new"), keys.prepared(asset, "wav"), keys.peaks(asset)):
        await storage.write(key, b"sound", "audio/mpeg")
    for name in ("preview_old.mp3", "peaks.json"):
        os.utime(studio.asset(asset) / name, (0, 0))
    target = LoudnessTarget(lufs=-24, true_peak=-2)

    await ActivityEnvironment().run(SaveActivities(studio.resources, target).publish, recipe)
    kept = {path.name for path in studio.asset(asset).iterdir()}
    steps = SaveActivities(studio.resources, target, keep_previews=timedelta(days=7))
    await ActivityEnvironment().run(steps.publish, recipe)

    assert kept - {path.name for path in studio.asset(asset).iterdir()} == {"preview_old.mp3"}
