"""Loudness (ITU-R BS.1770, EBU R 128): presets of a recipe, and the report on a save."""

from enum import StrEnum
from typing import Any, Final

from pydantic import Field

from audioprep.jobs.payload import WireModel


class LoudnessPreset(StrEnum):
    """Target and ceiling by name. `measure` renders nothing: it reports on the recipe's sound as it is."""

    PODCAST = "podcast"
    STREAMING = "streaming"
    EBU = "ebu"
    ATSC = "atsc"
    MEASURE = "measure"


PRESETS: Final[dict[str, tuple[float, float]]] = {
    LoudnessPreset.PODCAST.value: (-16.0, -1.0),
    LoudnessPreset.STREAMING.value: (-14.0, -1.0),
    LoudnessPreset.EBU.value: (-23.0, -1.0),
    LoudnessPreset.ATSC.value: (-24.0, -2.0),
}
"""LUFS and dBTP."""


def with_preset(recipe: dict[str, Any]) -> dict[str, Any]:
    """A recipe's fields with those that its preset stands for. Numbers that are given win over the preset's."""
    preset = recipe.get("loudness")
    target = PRESETS.get(preset) if isinstance(preset, str) else None
    if target is None:
        return recipe
    given = {name for name, value in recipe.items() if value is not None}
    lufs, true_peak = target
    filled: dict[str, Any] = {**recipe, "normalize": True}
    if not given & {"targetLufs", "target_lufs"}:
        filled["target_lufs"] = lufs
        filled.pop("targetLufs", None)
    if not given & {"truePeak", "true_peak"}:
        filled["true_peak"] = true_peak
        filled.pop("truePeak", None)
    return filled


class LoudnessFigures(WireModel):
    """What a meter says of a sound. None stands for silence, and for a sound below the gate or too short to measure."""

    integrated: float | None = Field(description="LUFS")
    range: float | None = Field(description="LU, EBU Tech 3342")
    short_term_max: float | None = Field(description="LUFS, the loudest 3 seconds")
    true_peak: float | None = Field(description="dBTP")


class FileLoudness(LoudnessFigures):
    """Figures of a stored file, as it is when it is decoded."""

    key: str


class LoudnessReport(WireModel):
    """The recipe's sound before its loudness is changed, and each file that was made of it."""

    source: LoudnessFigures
    files: tuple[FileLoudness, ...]
    plot_key: str = Field(description="a picture of loudness over time")
