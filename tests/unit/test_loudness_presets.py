"""Presets of loudness: names for numbers, and nothing else."""

import json
import uuid
from typing import Any

import pytest
from pydantic import ValidationError

from audioprep.jobs.types.loudness import PRESETS, LoudnessPreset
from audioprep.jobs.types.preview import digest_of
from audioprep.jobs.types.recipe import Recipe
from audioprep.jobs.types.save import SaveResult

ASSET = str(uuid.UUID(int=7))


def _recipe(**fields: Any) -> Recipe:
    clip = {"id": "a", "sourceAssetId": ASSET, "startTime": 0, "endTime": 2}
    return Recipe.model_validate_json(json.dumps({"assetId": ASSET, "clips": [clip], **fields}))


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_stands_for_its_numbers(preset: str) -> None:
    lufs, true_peak = PRESETS[preset]

    recipe = _recipe(loudness=preset)

    assert (recipe.normalize, recipe.target_lufs, recipe.true_peak) == (True, lufs, true_peak)
    explicit = _recipe(normalize=True, targetLufs=lufs, truePeak=true_peak)
    assert digest_of(recipe) == digest_of(explicit)


@pytest.mark.parametrize(
    ("given", "numbers"),
    [
        ({"targetLufs": -18}, (-18, -1)),
        ({"truePeak": -3}, (-16, -3)),
        ({"targetLufs": None, "truePeak": None}, (-16, -1)),
        ({"normalize": False}, (-16, -1)),
    ],
    ids=["a target", "a ceiling", "null is no number", "a preset normalises"],
)
def test_numbers_that_are_given_win(given: dict[str, Any], numbers: tuple[float, float]) -> None:
    recipe = _recipe(loudness="podcast", **given)

    assert (recipe.target_lufs, recipe.true_peak) == numbers
    assert recipe.normalize


def test_a_recipe_is_read_again_as_it_was_written() -> None:
    recipe = _recipe(loudness="streaming", truePeak=-2, report=True)

    assert Recipe.model_validate_json(recipe.model_dump_json()) == recipe


def test_measuring_asks_for_no_render() -> None:
    assert _recipe(loudness="measure").only_measured
    with pytest.raises(ValidationError, match="makes no file"):
        _recipe(loudness="measure", normalize=True)


@pytest.mark.parametrize("preset", ["loud", "", 3, ["podcast"], {}])
def test_no_other_word_is_a_preset(preset: Any) -> None:
    with pytest.raises(ValidationError):
        _recipe(loudness=preset)


def test_every_preset_has_numbers_but_measure() -> None:
    assert {*PRESETS, "measure"} == {preset.value for preset in LoudnessPreset}


def test_a_report_is_not_heard_in_a_preview() -> None:
    assert digest_of(_recipe(report=True)) == digest_of(_recipe())


def test_a_result_without_a_report_is_as_it_was() -> None:
    saved = SaveResult(asset_id=ASSET, prepared_key="assets/x/prepared.wav")

    assert saved.model_dump(mode="json") == {"assetId": ASSET, "preparedKey": "assets/x/prepared.wav"}
