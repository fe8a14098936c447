"""What a recipe may say, and how it is told that it may not."""

import json
import time
import uuid
from typing import Any

import pytest

from audioprep.jobs.errors import ErrorKind, PermanentError
from audioprep.jobs.registry import JOB_TYPES
from audioprep.jobs.types.preview import PreviewPayload, digest_of
from audioprep.jobs.types.recipe import Recipe
from tests.support.activities import clip_of, recipe_of

SOURCE = str(uuid.uuid4())
SAMPLE = "0b3b8a4e-6a1c-4f0e-9a51-0d0f6a2f9f11"
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
    "gap after the last": (_second(gap=1), f"recipe: {SECOND} is the last one: no gap or crossfade follows it."),
    "long crossfade": (
        recipe_of({**GOOD, "crossfade": 3}, GOOD),
        "recipe: clip 1 ('clip-0') is 2 s long, and its crossfades 3 s.",
    ),
    "no end": (_without("endTime"), f"{SECOND}, endTime: field required."),
    "no source": (_without("sourceAssetId"), f"{SECOND}, sourceAssetId: field required."),
    "source is a path": (_second(sourceAssetId="../x"), f"{SECOND}, sourceAssetId: input should be a valid UUID"),
    "text for a number": (_second(endTime="soon"), f"{SECOND}, endTime: input should be a valid number"),
    "id is no text": (_second(id=7), "clip 2, id: input should be a valid string."),
    "long id": (
        _second(id="x" * 5000, volume=3),
        f"clip 2 ('{'x' * 40}'), volume: input should be less than or equal to 2.",
    ),
    "empty id": (_second(id="", volume=3), "clip 2, volume: input should be less than or equal to 2."),
    "no clips": (recipe_of(), "recipe.clips: tuple should have at least 1 item after validation, not 0."),
    "51 clips": (recipe_of(*[GOOD] * 51), "recipe.clips: tuple should have at most 50 items after validation"),
    "version": ({**recipe_of(GOOD), "version": 2}, "recipe.version: input should be 1."),
    "format": (recipe_of(GOOD, outputFormat="mp3"), "recipe.outputFormat: input should be 'wav' or 'aac'."),
    "rate": (recipe_of(GOOD, outputSampleRate=99), "recipe.outputSampleRate: input should be greater than"),
    "half a rate": (
        recipe_of(GOOD, outputSampleRate=44100.5),
        "recipe.outputSampleRate: input should be a valid integer, got a number with a fractional part.",
    ),
    "too much AAC": (
        recipe_of(GOOD, outputFormat="aac", outputSampleRate=8000, aacKbps=97),
        "recipe: aacKbps 97 is more than the 96 that AAC has at 8000 Hz.",
    ),
    "too little AAC": (recipe_of(GOOD, aacKbps=63), "recipe.aacKbps: input should be greater than or equal to 64."),
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


@pytest.mark.parametrize(
    "recipe",
    [
        _second(id="clip-0"),
        _second(id=""),
        _second(id="x" * 100_000),
        recipe_of(GOOD, outputSampleRate=44100.0),
        recipe_of(GOOD, outputSampleRate=100),
        recipe_of(GOOD, outputSampleRate=384000),
        recipe_of(GOOD, outputFormat="aac", outputSampleRate=7350, aacKbps=88),
    ],
    ids=["same id", "empty id", "long id", "whole float", "lowest rate", "highest rate", "most AAC"],
)
def test_what_the_apps_schema_takes_is_taken(recipe: dict[str, Any]) -> None:
    JOB_TYPES.find("save").parse(json.dumps({"recipe": recipe}))


_GOOD_CLIP = json.dumps({"id": "a", **GOOD})
LARGE = {
    "100,000 bad clips": '{"recipe": {"clips": [' + ",".join(['{"id":1}'] * 100_000) + "]}}",
    "good clips, 0.9 MB of them": '{"recipe": {"clips": [' + ",".join([_GOOD_CLIP] * 6_000) + "]}}",
    "a bad clip after good ones": '{"recipe": {"clips": [' + ",".join([_GOOD_CLIP] * 49 + ["7"] * 400_000) + "]}}",
    "clips that are an object": '{"recipe": {"clips": {' + ",".join(f'"{n}":1' for n in range(80_000)) + "}}}",
    "a clip with 80,000 fields": '{"recipe": {"clips": [{' + ",".join(f'"k{n}":1' for n in range(80_000)) + "}]}}",
    "a number of 900,000 digits": '{"recipe": {"clips": [{"startTime": ' + "9" * 900_000 + "}]}}",
    "400,000 brackets": '{"recipe": ' + "[" * 400_000 + "]" * 400_000 + "}",
    "a text for a recipe": '{"recipe": "' + "x" * 900_000 + '"}',
    "escapes": '{"recipe": {"clips": [{"id": "' + "\\u0041" * 150_000 + '", "volume": 3}]}}',
}


@pytest.mark.parametrize("case", LARGE)
def test_a_large_bad_recipe_is_refused_at_once(case: str) -> None:
    """CPU time, the best of three: other processes do not count. Without a bound the first one takes seconds."""
    text, took = LARGE[case], []
    for _ in range(3):
        begin = time.process_time()
        with pytest.raises(PermanentError) as caught:
            JOB_TYPES.find("preview").parse(text)
        took.append(time.process_time() - begin)

    assert caught.value.kind is ErrorKind.INVALID_PAYLOAD
    assert len(caught.value.message) < 300
    assert min(took) < 0.2


def test_numbers_of_one_value_are_one_recipe() -> None:
    texts = ['"startTime": 0, "volume": 1', '"startTime": 0.0, "volume": 1.0', '"startTime": -0.0, "id": "b"']
    clip = f'"sourceAssetId": "{SOURCE.upper()}", "endTime": 2, "id": "a"'

    assert len({_digest(f"{{{clip}, {text}}}") for text in texts}) == 1


@pytest.mark.parametrize(
    "fields",
    [
        {"outputFormat": "aac"},
        {"aacKbps": 128},
        {"outputSampleRate": 96000},
        {"targetLufs": -14},
        {"assetId": str(uuid.uuid4())},
        {"outputs": [{"format": "flac", "bitDepth": 24}, {"format": "opus"}]},
        {"tags": {"title": "A"}, "cover": {"assetId": SOURCE}},
    ],
    ids=["format", "AAC bit rate", "rate that MP3 lacks", "target without normalize", "asset", "outputs", "labels"],
)
def test_what_a_preview_does_not_play_is_not_in_its_digest(fields: dict[str, Any]) -> None:
    assert digest_of(_recipe(recipe_of(GOOD) | fields)) == digest_of(_recipe(recipe_of(GOOD)))


def test_all_that_a_preview_plays_is_in_its_digest() -> None:
    loud = recipe_of(GOOD, normalize=True)
    recipes = [
        recipe_of(GOOD),
        recipe_of(GOOD, GOOD),
        recipe_of({**GOOD, "sourceAssetId": str(uuid.uuid4())}),
        *(recipe_of({**GOOD, name: 0.5}) for name in ("startTime", "endTime", "volume", "fadeIn", "fadeOut")),
        *(recipe_of({**GOOD, name: 0.5}, GOOD) for name in ("gap", "crossfade")),
        recipe_of(GOOD, outputSampleRate=48000),
        *(loud, loud | {"targetLufs": -14}, loud | {"truePeak": -1}),
    ]

    assert len({digest_of(_recipe(recipe)) for recipe in recipes}) == len(recipes)


def test_recipes_of_earlier_versions_keep_their_digest() -> None:
    """Taken down from a version that knew neither presets nor outputs."""
    recipe = {"assetId": SAMPLE, "clips": [clip_of(SAMPLE, 0, 12.5, id="intro")]}

    assert digest_of(_recipe(recipe)) == "48cf33ae072c31dc29a1980017cabba8ff9f81c68ea3b7c4eeb39c6e76dbe988"


def test_a_recipe_without_joins_is_written_as_ever() -> None:
    """A worker and an app of an earlier version read nothing new."""
    recipe = _recipe(recipe_of({**GOOD, "gap": 0, "crossfade": 0}, GOOD))

    assert not {"gap", "crossfade"} & recipe.model_dump(mode="json")["clips"][0].keys()
    assert digest_of(recipe) == digest_of(_recipe(recipe_of(GOOD, GOOD)))


def test_a_stored_recipe_has_the_apps_words_and_what_was_asked_for() -> None:
    plain = recipe_of({**GOOD, "volume": 1, "fadeIn": 0, "fadeOut": 0}, asset_id=SAMPLE)
    said = {**plain, "normalize": False, "outputFormat": "wav", "outputSampleRate": 44100}

    assert json.loads(_recipe(plain).to_json()) == said
    assert json.loads(_recipe({**plain, "report": True}).to_json()) == {**said, "report": True}


def test_without_a_hash_the_digest_names_the_file() -> None:
    payload = JOB_TYPES.find("preview").parse(json.dumps({"recipe": recipe_of(GOOD, asset_id=SOURCE)}))

    assert isinstance(payload, PreviewPayload)
    assert payload.key == f"assets/{SOURCE}/preview_{digest_of(payload.recipe)}.mp3"


def _recipe(recipe: dict[str, Any]) -> Recipe:
    return Recipe.model_validate(recipe)


def _digest(clip: str) -> str:
    return digest_of(Recipe.model_validate_json(f'{{"assetId": "{SOURCE}", "clips": [{clip}]}}'))


@pytest.mark.parametrize("recipe_hash", ["", "../x", "a/b", "a" * 129, "ä"])
def test_a_hash_that_could_leave_its_folder_is_refused(recipe_hash: str) -> None:
    with pytest.raises(PermanentError, match="recipeHash"):
        JOB_TYPES.find("preview").parse(json.dumps({"recipe": recipe_of(GOOD), "recipeHash": recipe_hash}))
