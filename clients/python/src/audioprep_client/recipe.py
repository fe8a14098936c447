"""Recipes: a builder, and the contract's rules as checks before the INSERT."""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NotRequired, TypedDict, Unpack

from audioprep_client.generated import (
    AAC_LIMITS,
    FORMATS,
    LIMITS,
    MEASURE,
    MP3_KBPS,
    MP3_LIMITS,
    PRESETS,
    TAGS,
    Recipe,
    RecipeCover,
    RecipeOutput,
    RecipeTags,
)

_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_SLACK: Final = 1e-9  # binary fractions: 0.3 - 0.2 is a hair under 0.1
_RECIPE_BOUNDS: Final = {"targetLufs": (-70, -5), "truePeak": (-9, 0)}


class RecipeError(ValueError):
    """A rule that a recipe breaks; the message is the sentence that a bridge would write into `error`.

    `clip` is the clip at fault, counted from 0, `field` the field; None where a rule joins several.
    """

    def __init__(self, message: str, clip: int | None = None, field: str | None = None) -> None:
        super().__init__(message)
        self.clip = clip
        self.field = field


class ClipInput(TypedDict):
    """What is given of a clip; the source is the recipe's asset if it is left out."""

    startTime: float
    endTime: float
    id: NotRequired[str]
    sourceAssetId: NotRequired[str]
    volume: NotRequired[float]
    fadeIn: NotRequired[float]
    fadeOut: NotRequired[float]
    gap: NotRequired[float]
    crossfade: NotRequired[float]


class RecipeOptions(TypedDict, total=False):
    """How the clips are put out."""

    normalize: bool
    targetLufs: float
    truePeak: float
    outputFormat: str
    outputSampleRate: int
    aacKbps: int
    loudness: str
    report: bool
    outputs: list[RecipeOutput]
    tags: RecipeTags
    cover: RecipeCover


def build_recipe(asset_id: str, clips: Iterable[ClipInput], **options: Unpack[RecipeOptions]) -> Recipe:
    """A recipe of an asset. Raises RecipeError with the first fault."""
    named = [{"id": f"clip-{n}", "sourceAssetId": asset_id, **clip} for n, clip in enumerate(clips, 1)]
    recipe: Any = {"version": 1, "assetId": asset_id, "clips": named, **options}
    check_recipe(recipe)
    built: Recipe = recipe
    return built


def check_recipe(recipe: Mapping[str, Any] | Recipe) -> None:
    """Raises RecipeError with the first fault, as a bridge finds it.

    That clips end within their source it cannot know.
    """
    given: Mapping[str, Any] = dict(recipe)
    _check(given.get("version", 1) == 1, "recipe.version", "input should be 1")
    _check(_is_uuid(given.get("assetId")), "recipe.assetId", "input should be a valid UUID")
    clips, most = given.get("clips", []), int(LIMITS["maxClips"])
    _check(len(clips) >= 1, "recipe.clips", "tuple should have at least 1 item after validation, not 0")
    _check(
        len(clips) <= most, "recipe.clips", f"tuple should have at most {most} items after validation, not {len(clips)}"
    )
    for index, clip in enumerate(clips):
        _check_clip(clip, index)
    _check_output(given)


def _check_output(given: Mapping[str, Any]) -> None:
    output, rate = given.get("outputFormat", "wav"), given.get("outputSampleRate", 44100)
    _check(output in ("wav", "aac"), "recipe.outputFormat", "input should be 'wav' or 'aac'")
    _between(rate, LIMITS["minRate"], LIMITS["maxRate"], "recipe.outputSampleRate")
    for name, (least, most) in _RECIPE_BOUNDS.items():
        if given.get(name) is not None:
            _between(given[name], least, most, f"recipe.{name}")
    _check_preset(given)
    kbps = given.get("aacKbps")
    if kbps is not None:
        _between(kbps, LIMITS["minAacKbps"], LIMITS["maxAacKbps"], "recipe.aacKbps")
    outputs = given.get("outputs")
    if outputs is not None:
        _check_outputs(outputs)
    _check_labels(given.get("tags"), given.get("cover"))
    _check_joins(given["clips"])
    _check_measure(given)
    if outputs is not None:
        alone = output == "wav" and kbps is None
        _check(alone, "recipe", "outputFormat and aacKbps are of one file, and outputs lists the files")
        _check_formats(outputs, rate)
    if output == "aac":
        _check(rate in AAC_LIMITS, "recipe", f"outputSampleRate {rate} does not exist in AAC")
        most = AAC_LIMITS[rate]
        _check((kbps or 0) <= most, "recipe", f"aacKbps {kbps} is more than the {most} that AAC has at {rate} Hz")


def _check_preset(given: Mapping[str, Any]) -> None:
    names = [*PRESETS, MEASURE]
    listed = ", ".join(repr(name) for name in names[:-1])
    known = f"input should be {listed} or {names[-1]!r}"
    _check(given.get("loudness") in (None, *names), "recipe.loudness", known)


def _check_measure(given: Mapping[str, Any]) -> None:
    measured = given.get("loudness") == MEASURE
    made = measured and given.get("normalize")
    _check(not made, "recipe", "loudness 'measure' makes no file, and normalize asks for one")
    listed = measured and given.get("outputs") is not None
    _check(not listed, "recipe", "loudness 'measure' makes no file, and outputs asks for some")


def _check_labels(tags: Mapping[str, Any] | None, cover: Mapping[str, Any] | None) -> None:
    most, longest = int(LIMITS["maxTagCharacters"]), int(LIMITS["maxKeyCharacters"])
    for name in TAGS:
        text = (tags or {}).get(name)
        if text is not None:
            _check_text(text, most, f"recipe.tags.{name}")
    if cover is None:
        return
    key, asset = cover.get("storageKey"), cover.get("assetId")
    if key is not None:
        _check_text(key, longest, "recipe.cover.storageKey")
    _check(asset is None or _is_uuid(asset), "recipe.cover.assetId", "input should be a valid UUID")
    _check((key is None) is not (asset is None), "recipe.cover", "it needs a storageKey or an assetId, and not both")


def _check_text(text: object, most: int, where: str) -> None:
    _check(isinstance(text, str), where, "input should be a valid string")
    _check(len(str(text)) <= most, where, f"string should have at most {most} characters")


def _check_outputs(outputs: list[Mapping[str, Any]]) -> None:
    """Each by itself."""
    count, most = len(outputs), int(LIMITS["maxOutputs"])
    _check(count <= most, "recipe.outputs", f"it has {count} files, and {most} are the most")
    _check(count >= 1, "recipe.outputs", "tuple should have at least 1 item after validation, not 0")
    for index, output in enumerate(outputs):
        at, form, depth, kbps = f"recipe.outputs.{index}", output["format"], output.get("bitDepth"), output.get("kbps")
        *names, last = [repr(name) for name in FORMATS]
        _check(form in FORMATS, f"{at}.format", f"input should be {', '.join(names)} or {last}")
        _check(depth in (None, 16, 24), f"{at}.bitDepth", "input should be 16 or 24")
        if kbps is not None:
            _between(kbps, LIMITS["minOpusKbps"], LIMITS["maxAacKbps"], f"{at}.kbps")
        lossless = form in ("wav", "flac")
        _check(depth is None or lossless, at, f"bitDepth is for wav and flac, and this is {form}")
        _check(kbps is None or not lossless, at, f"kbps is for mp3, aac and opus, and this is {form}")
        if kbps is not None:
            _check_kbps(form, kbps, at)


def _check_kbps(form: str, kbps: int, at: str) -> None:
    if form == "mp3":
        listed = ", ".join(map(str, MP3_KBPS[:-1]))
        _check(kbps in MP3_KBPS, at, f"kbps of mp3 is one of {listed} and {MP3_KBPS[-1]}")
        return
    bounds = ("minAacKbps", "maxAacKbps") if form == "aac" else ("minOpusKbps", "maxOpusKbps")
    least, most = (int(LIMITS[name]) for name in bounds)
    _check(least <= kbps <= most, at, f"kbps of {form} is {least} to {most}")


def _check_formats(outputs: list[Mapping[str, Any]], rate: int) -> None:
    """All of them together, and with the sample rate."""
    formats = [output["format"] for output in outputs]
    limits: dict[str, Mapping[int, int]] = {"aac": AAC_LIMITS, "mp3": MP3_LIMITS}
    for output in outputs:
        form, kbps = output["format"], output.get("kbps") or 0
        _check(formats.count(form) == 1, "recipe", f"outputs has {form} more than once")
        known = form != "flac" or rate <= LIMITS["anyFlacRate"] or rate % 10 == 0
        known = known and rate in limits.get(form, (rate,))
        _check(known, "recipe", f"outputSampleRate {rate} does not exist in {FORMATS[form]}")
        most = limits[form][rate] if form in limits else int(LIMITS["maxOpusKbps"])
        sentence = f"kbps {kbps} is more than the {most} that {FORMATS[form]} has at {rate} Hz"
        _check(kbps <= most, "recipe", sentence)


def _check_clip(clip: Mapping[str, Any], index: int) -> None:
    name = _name(clip, index)
    _check(_is_uuid(clip.get("sourceAssetId")), f"{name}, sourceAssetId", "input should be a valid UUID", index)
    start, end = clip["startTime"], clip["endTime"]
    fade_in, fade_out = clip.get("fadeIn", 0), clip.get("fadeOut", 0)
    _between(start, 0, LIMITS["maxSeconds"], f"{name}, startTime", index)
    _check(end > 0, f"{name}, endTime", "input should be greater than 0", index)
    _between(end, 0, LIMITS["maxSeconds"], f"{name}, endTime", index)
    _between(clip.get("volume", 1), 0, 2, f"{name}, volume", index)
    _between(fade_in, 0, math.inf, f"{name}, fadeIn", index)
    _between(fade_out, 0, math.inf, f"{name}, fadeOut", index)
    gap, crossfade = clip.get("gap", 0), clip.get("crossfade", 0)
    _between(gap, 0, LIMITS["maxSeconds"], f"{name}, gap", index)
    _between(crossfade, 0, LIMITS["maxSeconds"], f"{name}, crossfade", index)
    seconds, least = end - start, LIMITS["minClipSeconds"]
    short = f"it is {seconds:g} s long, and a clip must be at least {least} s"
    _check(seconds >= least - _SLACK, name, short, index)
    fades = f"fadeIn and fadeOut are longer together than the clip ({seconds:g} s)"
    _check(fade_in + fade_out <= seconds + _SLACK, name, fades, index)
    _check(not (gap and crossfade), name, "gap and crossfade exclude each other", index)


def _check_joins(clips: Sequence[Mapping[str, Any]]) -> None:
    last = len(clips) - 1
    alone = not (clips[last].get("gap") or clips[last].get("crossfade"))
    _check(alone, "recipe", f"{_name(clips[last], last)} is the last one: no gap or crossfade follows it", last)
    before = 0.0
    for index, clip in enumerate(clips):
        after = clip.get("crossfade", 0)
        seconds, overlap = clip["endTime"] - clip["startTime"], before + after
        sentence = f"{_name(clip, index)} is {seconds:g} s long, and its crossfades {overlap:g} s"
        _check(overlap <= seconds + _SLACK, "recipe", sentence, index)
        before = after


def _name(clip: Mapping[str, Any], index: int) -> str:
    return f"clip {index + 1} ({clip['id'][:40]!r})" if clip.get("id") else f"clip {index + 1}"


def _between(value: float, least: float, most: float, where: str, clip: int | None = None) -> None:
    _check(math.isfinite(value), where, "input should be a finite number", clip)
    _check(value >= least, where, f"input should be greater than or equal to {least}", clip)
    _check(value <= most, where, f"input should be less than or equal to {most}", clip)


def _check(holds: bool, where: str, what: str, clip: int | None = None) -> None:
    if not holds:
        field = re.split(r", |\.", where)[-1] if re.search(r", \w+$|\.", where) else None
        raise RecipeError(f"{where}: {what}", clip, field)


def _is_uuid(value: object) -> bool:
    return isinstance(value, str) and _UUID.fullmatch(value) is not None
