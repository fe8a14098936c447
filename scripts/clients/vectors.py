"""`vectors.json`: recipes with the digest or fault that audioprep's own model finds, for the tests of every client."""

import copy
import json
import random
from typing import Any, Final

from audioprep.jobs.errors import PermanentError
from audioprep.jobs.registry import SAVE
from audioprep.jobs.types.outputs import AAC_RATES
from audioprep.jobs.types.preview import digest_of
from audioprep.jobs.types.recipe import Recipe

_ASSET: Final = "0b3b8a4e-6a1c-4f0e-9a51-0d0f6a2f9f11"
_OTHER: Final = "7f1d2c3b-0000-4aaa-8bbb-1234567890ab"
# Where the shortest decimal of a double is written differently by languages: whole, tiny, long, with an exponent.
_NUMBERS: Final = [0, 1, 0.1, 0.3 - 0.2, 1e-5, 1.5e-7, 12.5, 1 / 3, 100000, 123456.789, 5e-324, 0.0001, 0.00001234]
_CLEF: Final = "\N{MUSICAL SYMBOL G CLEF}"  # one character, two in UTF-16
_MANY: Final = 60

_BROKEN: Final[dict[str, Any]] = {
    "a clip that is too short": {"clips": [{"endTime": 0.05}]},
    "a clip that ends before it begins": {"clips": [{"startTime": 3, "endTime": 2}]},
    "a negative start": {"clips": [{"startTime": -1}]},
    "a start beyond any recording": {"clips": [{"startTime": 2_000_000, "endTime": 2_000_001}]},
    "an end of zero": {"clips": [{"endTime": 0}]},
    "a volume above 2": {"clips": [{}, {"volume": 2.5}]},
    "a negative volume": {"clips": [{"volume": -0.5}]},
    "a negative fade": {"clips": [{"fadeIn": -0.1}]},
    "fades longer than the clip": {"clips": [{"endTime": 2, "fadeIn": 1.5, "fadeOut": 0.75}]},
    "no clips": {"clips": []},
    "too many clips": {"clips": [{}] * 51},
    "a clip without a name": {"clips": [{}, {"id": "", "volume": 3}]},
    "another version": {"version": 2},
    "a sample rate that is too low": {"outputSampleRate": 50},
    "a sample rate that is too high": {"outputSampleRate": 500000},
    "a loudness above -5": {"targetLufs": -3},
    "a loudness below -70": {"targetLufs": -71.5},
    "a true peak above 0": {"truePeak": 0.5},
    "a true peak below -9": {"truePeak": -9.5},
    "a sample rate that AAC lacks": {"outputFormat": "aac", "outputSampleRate": 44000},
    "a bit rate that AAC lacks at its rate": {"outputFormat": "aac", "outputSampleRate": 8000, "aacKbps": 320},
    "a bit rate that is too low": {"aacKbps": 32},
    "a bit rate that is too high": {"aacKbps": 2000},
    "a preset that is not there": {"loudness": "loud"},
    "a measurement that is to be normalised": {"loudness": "measure", "normalize": True},
    "a format that is not there": {"outputFormat": "ogg"},
    "a gap below zero": {"clips": [{"gap": -1}, {}]},
    "a gap beyond any recording": {"clips": [{"gap": 2_000_000}, {}]},
    "a crossfade below zero": {"clips": [{"crossfade": -0.5}, {}]},
    "a gap and a crossfade": {"clips": [{"gap": 1, "crossfade": 1}, {}]},
    "a gap after the last clip": {"clips": [{}, {"gap": 1}]},
    "a crossfade after the only clip": {"clips": [{"crossfade": 1, "id": ""}]},
    "a crossfade longer than its clip": {"clips": [{"endTime": 2, "crossfade": 2.5}, {}]},
    "a crossfade longer than the next clip": {"clips": [{"crossfade": 2.5}, {"endTime": 2, "id": "it's"}]},
    "crossfades that meet": {"clips": [{"crossfade": 1.5}, {"endTime": 2, "crossfade": 0.75}, {}]},
    "a tag that is too long": {"tags": {"title": "ä" * 501}},
    "a tag that is no text": {"tags": {"track": 3}},
    "a cover of nothing": {"cover": {}},
    "a cover of two": {"cover": {"storageKey": "uploads/c.jpg", "assetId": _ASSET}},
    "a cover with a long key": {"cover": {"storageKey": "k" * 1025}},
    "no outputs": {"outputs": []},
    "too many outputs": {"outputs": [{"format": "wav"}] * 5},
    "an output of no format": {"outputs": [{"format": "wav"}, {"format": "m4a"}]},
    "an output twice": {"outputs": [{"format": "mp3"}, {"format": "wav"}, {"format": "mp3", "kbps": 64}]},
    "a bit depth that is not there": {"outputs": [{"format": "wav", "bitDepth": 32}]},
    "a bit depth of MP3": {"outputs": [{"format": "mp3", "bitDepth": 24}]},
    "a bit rate of FLAC": {"outputs": [{"format": "flac", "kbps": 320}]},
    "a bit rate that no output has": {"outputs": [{"format": "opus", "kbps": 16}]},
    "a bit rate that MP3 lacks": {"outputs": [{"format": "wav"}, {"format": "mp3", "kbps": 100}]},
    "a bit rate that Opus lacks": {"outputs": [{"format": "opus", "kbps": 600}]},
    "a bit rate below AAC's": {"outputs": [{"format": "aac", "kbps": 48}]},
    "a sample rate that MP3 lacks": {"outputs": [{"format": "mp3"}], "outputSampleRate": 96000},
    "a sample rate that FLAC lacks": {"outputs": [{"format": "flac"}], "outputSampleRate": 88201},
    "a sample rate that AAC lacks, of outputs": {"outputs": [{"format": "aac"}], "outputSampleRate": 44000},
    "a bit rate that MP3 lacks at its rate": {"outputs": [{"format": "mp3", "kbps": 192}], "outputSampleRate": 22050},
    "a bit rate that AAC lacks, of outputs": {"outputs": [{"format": "aac", "kbps": 400}], "outputSampleRate": 32000},
    "outputs and an output format": {"outputs": [{"format": "mp3"}], "outputFormat": "aac"},
    "outputs and a bit rate of AAC": {"outputs": [{"format": "mp3"}], "aacKbps": 128},
    "outputs that are only measured": {"outputs": [{"format": "mp3"}], "loudness": "measure"},
}
# Clips that are joined: a gap and a crossfade are heard, none of either is as if they were not there.
_JOINED: Final[list[list[dict[str, Any]]]] = [
    [{"gap": 0.5}, {"gap": 1e-5}, {}],
    [{"crossfade": 3}, {"crossfade": 9.5}, {}],
    [{"crossfade": 12.5}, {"endTime": 20}],
    [{"gap": 0, "crossfade": 0.1 / 3}, {"gap": -0.0, "crossfade": 0}],
    [{"gap": 0, "crossfade": 0}, {}],
    [{}, {}],
]
# Files, tags and covers that the model takes: they are not heard in a preview.
_OUTPUTS: Final[list[dict[str, Any]]] = [
    {"outputs": [{"format": "wav", "bitDepth": 24}, {"format": "flac"}, {"format": "mp3"}, {"format": "opus"}]},
    {"outputs": [{"format": "mp3", "kbps": 64}, {"format": "aac", "kbps": 64}], "outputSampleRate": 8000},
    {"outputs": [{"format": "flac", "bitDepth": 16}, {"format": "wav"}], "outputSampleRate": 384000},
    {"outputs": [{"format": "opus", "kbps": 512}], "outputSampleRate": 12345, "outputFormat": "wav"},
    {"outputs": None, "normalize": True},
    {
        "tags": {"title": "\N{MUSICAL SYMBOL G CLEF}" * 500, "albumArtist": "A", "date": None},
        "cover": {"assetId": _OTHER},
    },
    {"tags": {}, "cover": {"storageKey": "uploads/c.jpg"}, "outputFormat": "aac"},
    {"tags": None, "cover": None},
]


def vectors() -> str:
    """The whole file: the same for every run."""
    chance = random.Random(23)  # noqa: S311 - not a secret
    recipes = [_valid(), *(_random(chance) for _ in range(_MANY)), *({**_valid(), **files} for files in _OUTPUTS)]
    recipes += [_changed({"clips": clips}) for clips in _JOINED]
    valid = [{"recipe": recipe, "digest": digest_of(Recipe.model_validate(recipe))} for recipe in recipes]
    invalid = [{"name": name, "recipe": recipe, "error": _fault(recipe)} for name, recipe in _invalid().items()]
    return json.dumps({"valid": valid, "invalid": invalid}, indent=1) + "\n"


def _valid() -> dict[str, Any]:
    clip = {"id": "intro", "sourceAssetId": _ASSET, "startTime": 0, "endTime": 12.5}
    return {"assetId": _ASSET, "clips": [clip]}


def _invalid() -> dict[str, dict[str, Any]]:
    return {name: _changed(change) for name, change in _BROKEN.items()}


def _changed(change: dict[str, Any]) -> dict[str, Any]:
    recipe = copy.deepcopy(_valid())
    clips = [{**recipe["clips"][0], **clip} for clip in change.get("clips", [{}])]
    return {**recipe, **change, "clips": clips}


def _fault(recipe: dict[str, Any]) -> str:
    try:
        SAVE.parse(json.dumps({"recipe": recipe}))
    except PermanentError as error:
        return error.message.removeprefix("The metadata of this save job is invalid: ").removesuffix(".")
    raise AssertionError(f"the model takes {recipe}")


def _random(chance: random.Random) -> dict[str, Any]:
    recipe: dict[str, Any] = {"assetId": _ASSET, "clips": [_clip(chance, n) for n in range(chance.randint(1, 4))]}
    if chance.random() < 0.5:
        recipe["version"] = 1
    if chance.random() < 0.6:
        recipe["normalize"] = chance.random() < 0.7
    if chance.random() < 0.4:
        recipe["targetLufs"] = chance.choice([-16, -14.5, -23, None])
    if chance.random() < 0.4:
        recipe["truePeak"] = chance.choice([-1, -0.0, -2.25, None])
    if chance.random() < 0.4 and not recipe.get("normalize"):
        recipe["loudness"] = chance.choice(["podcast", "streaming", "ebu", "atsc", "measure", None])
    if chance.random() < 0.7:
        recipe["outputSampleRate"] = chance.choice([8000, 32000, 44100, 48000])
    if chance.random() < 0.5:
        recipe["outputFormat"] = "aac"
        recipe["aacKbps"] = chance.choice([64, 80, None])
        recipe["outputSampleRate"] = chance.choice([rate for rate in AAC_RATES if rate >= 8000])
    return recipe


def _clip(chance: random.Random, number: int) -> dict[str, Any]:
    start = chance.choice(_NUMBERS) if chance.random() < 0.7 else chance.random() * 1000
    clip: dict[str, Any] = {
        "id": chance.choice(["", "intro", f"clip {number}", "Ä\N{SNOWMAN}\"'"]),
        "sourceAssetId": chance.choice([_ASSET, _OTHER, _OTHER.upper()]),
        "startTime": start,
        "endTime": start + chance.choice([0.1, 0.25, 3, 30.75]) + 1e-6,
    }
    if chance.random() < 0.5:
        clip["volume"] = chance.choice([0, 1, 2, 0.1, 1.75, 1e-7, -0.0])
    if chance.random() < 0.5:
        clip["fadeIn"] = chance.choice([0, 0.05, 1e-5, 1.2e-16, 0.1 / 3])
    if chance.random() < 0.5:
        clip["fadeOut"] = chance.choice([0, 0.05, 0.0001, 1 / 30])
    return clip
