"""What a recipe may say, and how it is told that it may not."""

import json
import uuid
from typing import Any

import pytest

from audioprep.jobs.errors import ErrorKind, PermanentError
from audioprep.jobs.registry import JOB_TYPES
from tests.support.studio import clip_of, recipe_of

SOURCE = str(uuid.uuid4())
GOOD = clip_of(SOURCE, 0, 2)
SECOND = "clip 2 ('clip-1')"


def _second(**changes: Any) -> dict[str, Any]:
    """A recipe whose second clip differs from a good one."""
    return recipe_of(GOOD, {**GOOD, **changes})


def _without(field: str) -> dict[str, Any]:
    return recipe_of(GOOD, {key: value for key, value in GOOD.items() if key != field})


NOT_FINITE = "input should be a finite number"
FAULTS: dict[str, tuple[dict[str, Any], str]] = {
    "too loud": (_second(volume=2.5), f"{SECOND}, volume: input should be less than or equal to 2."),
    "negative volume": (_second(volume=-1), f"{SECOND}, volume: input should be greater than or equal to 0."),
    "volume nan": (_second(volume=float("nan")), f"{SECOND}, volume: {NOT_FINITE}."),
    "end infinite": (_second(endTime=float("inf")), f"{SECOND}, endTime: {NOT_FINITE}."),
    "start before zero": (_second(startTime=-1), f"{SECOND}, startTime: input should be greater than or equal to 0."),
    "absurd end": (_second(endTime=1e300), f"{SECOND}, endTime: input should be less than or equal to 1000000."),
    "too short": (_second(endTime=0.05), f"{SECOND}: it is 0.05 s long, and a clip must be at least 0.1 s."),
    "ends before it begins": (_second(startTime=3), f"{SECOND}: it is -1 s long, and a clip must be at least 0.1 s."),
    "fades": (_second(fadeIn=1.5, fadeOut=1), f"{SECOND}: fadeIn and fadeOut are longer together than the clip (2 s)."),
    "no end": (_without("endTime"), f"{SECOND}, endTime: field required."),
    "no source": (_without("sourceAssetId"), f"{SECOND}, sourceAssetId: field required."),
    "source is a path": (_second(sourceAssetId="../x"), f"{SECOND}, sourceAssetId: input should be a valid UUID"),
    "text for a number": (_second(endTime="soon"), f"{SECOND}, endTime: input should be a valid number"),
    "id is no text": (_second(id=7), "clip 2, id: input should be a valid string."),
    "same id": (_second(id="clip-0"), "recipe: two clips have the id 'clip-0'."),
    "no clips": (recipe_of(), "recipe.clips: tuple should have at least 1 item after validation, not 0."),
    "51 clips": (recipe_of(*[GOOD] * 51), "recipe.clips: tuple should have at most 50 items after validation"),
    "version": ({**recipe_of(GOOD), "version": 2}, "recipe.version: input should be 1."),
    "format": (recipe_of(GOOD, outputFormat="mp3"), "recipe.outputFormat: input should be 'wav' or 'aac'."),
    "rate": (recipe_of(GOOD, outputSampleRate=4000), "recipe.outputSampleRate: input should be greater than"),
    "aac rate": (
        recipe_of(GOOD, outputFormat="aac", outputSampleRate=192000),
        "recipe: outputSampleRate 192000 does not exist in AAC.",
    ),
    "target": (recipe_of(GOOD, targetLufs=0), "recipe.targetLufs: input should be less than or equal to -5."),
    "asset": (recipe_of(GOOD, asset_id="x"), "recipe.assetId: input should be a valid UUID"),
}


@pytest.mark.parametrize("case", FAULTS)
def test_a_fault_names_the_clip_and_the_rule(case: str) -> None:
    recipe, words = FAULTS[case]

    with pytest.raises(PermanentError) as caught:
        JOB_TYPES.find("save").parse(json.dumps({"recipe": recipe}))

    assert caught.value.kind is ErrorKind.INVALID_PAYLOAD
    assert caught.value.message.startswith("The metadata of this save job is invalid: " + words)


@pytest.mark.parametrize(
    "clip",
    [
        clip_of(SOURCE, 0.2, 0.3),  # a binary fraction short of 0.1
        clip_of(SOURCE, 0, 1, fadeIn=0.4, fadeOut=0.6),
        clip_of(SOURCE, 0, 1, volume=0),
        clip_of(SOURCE, 0, 1, volume=2),
    ],
    ids=["a tenth of a second", "fades that fill it", "silent", "doubled"],
)
def test_what_just_fits_is_taken(clip: dict[str, Any]) -> None:
    JOB_TYPES.find("edit").parse(json.dumps({"recipe": recipe_of(clip), "recipeHash": "abc"}))


@pytest.mark.parametrize("recipe_hash", ["", "../x", "a/b", "a" * 129, "ä"])
def test_a_hash_that_could_leave_its_folder_is_refused(recipe_hash: str) -> None:
    with pytest.raises(PermanentError, match="recipeHash"):
        JOB_TYPES.find("preview").parse(json.dumps({"recipe": recipe_of(GOOD), "recipeHash": recipe_hash}))
