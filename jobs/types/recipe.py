"""The edit recipe, version 1: which clips, in which order, how loud, into which files."""

from enum import StrEnum
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import BeforeValidator, FailFast, Field, model_validator

from audioprep.jobs.payload import WireModel
from audioprep.jobs.text.faults import clip_name
from audioprep.jobs.text.wording import format_duration, inline_codes
from audioprep.jobs.types.loudness import LoudnessPreset, with_preset
from audioprep.jobs.types.outputs import (
    AAC_RATES,
    MAX_AAC_KBPS,
    MAX_OUTPUTS,
    MIN_AAC_KBPS,
    FileFormat,
    RecipeOutput,
    fault_of,
    few_outputs,
    max_aac_kbps,
)
from audioprep.jobs.types.tags import RecipeCover, RecipeTags

MIN_CLIP_SECONDS = 0.1
MAX_CLIPS = 50
MAX_SECONDS = 1_000_000  # of any time in a recipe: far beyond every limit, and safe to count in samples
SLACK = 1e-9  # of binary fractions: 0.3 - 0.2 is a hair under 0.1, and so is a fade that fills its clip
MIN_RATE, MAX_RATE = 100, 384_000  # hertz: ten samples in the shortest clip, and the fastest converters made


class OutputFormat(StrEnum):
    """Format of a recipe's one file; `outputs` knows more of them."""

    WAV = "wav"
    AAC = "aac"


def _is_none(seconds: float) -> bool:
    """Left out where it changes nothing, so that a recipe without it is the recipe of an earlier version."""
    return seconds == 0


class Clip(WireModel):
    """A stretch of one source. Times in seconds of that source; `volume` is a linear factor.

    `gap` and `crossfade` are to the next clip. The id is for error messages only: it may be empty or that of another
    clip.
    """

    id: str
    source_asset_id: UUID
    start_time: float = Field(ge=0, le=MAX_SECONDS)
    end_time: float = Field(gt=0, le=MAX_SECONDS)
    volume: float = Field(default=1.0, ge=0, le=2)
    fade_in: float = Field(default=0.0, ge=0)
    fade_out: float = Field(default=0.0, ge=0)
    gap: float = Field(
        default=0.0, ge=0, le=MAX_SECONDS, description="seconds of silence before the next clip", exclude_if=_is_none
    )
    crossfade: float = Field(
        default=0.0, ge=0, le=MAX_SECONDS, description="seconds that the next clip begins earlier", exclude_if=_is_none
    )

    @property
    def duration(self) -> float:
        return self.end_time - self.start_time

    @model_validator(mode="after")
    def _times_make_sense(self) -> Self:
        if self.duration < MIN_CLIP_SECONDS - SLACK:
            raise ValueError(f"it is {self.duration:g} s long, and a clip must be at least {MIN_CLIP_SECONDS} s")
        if self.fade_in + self.fade_out > self.duration + SLACK:
            raise ValueError(f"fadeIn and fadeOut are longer together than the clip ({self.duration:g} s)")
        if self.gap and self.crossfade:
            raise ValueError("gap and crossfade exclude each other")
        return self


class Recipe(WireModel):
    """What to render. `target_lufs` and `true_peak` override the settings when normalising, `aac_kbps` in AAC."""

    version: Literal[1] = 1
    asset_id: UUID
    # FailFast: the first bad clip ends the validation, so that a hundred thousand of them cost no more than one.
    clips: Annotated[tuple[Clip, ...], FailFast()] = Field(min_length=1, max_length=MAX_CLIPS)
    normalize: bool = False
    output_format: OutputFormat = OutputFormat.WAV
    output_sample_rate: int = Field(default=44100, ge=MIN_RATE, le=MAX_RATE)
    target_lufs: float | None = Field(default=None, ge=-70, le=-5)
    true_peak: float | None = Field(default=None, ge=-9, le=0)
    aac_kbps: int | None = Field(
        default=None, ge=MIN_AAC_KBPS, le=MAX_AAC_KBPS, description="kbit/s of a stereo AAC file; mono takes half"
    )

    loudness: LoudnessPreset | None = Field(
        default=None,
        description="podcast (-16 LUFS, -1 dBTP), streaming (-14, -1), ebu (-23, -1) or atsc (-24, -2), and normalize;"
        " measure: a report, and no file",
    )
    report: bool = Field(default=False, description="measure the sound and the file, and draw loudness over time")
    outputs: Annotated[tuple[RecipeOutput, ...] | None, BeforeValidator(few_outputs)] = Field(
        default=None,
        min_length=1,
        max_length=MAX_OUTPUTS,
        description="the files of a save, each format once; the one of outputFormat if absent",
    )

    tags: RecipeTags | None = Field(default=None, description="of the files of a save; a preview has none")
    cover: RecipeCover | None = None

    @property
    def files(self) -> tuple[RecipeOutput, ...]:
        """What a save stores: `outputs`, or the one file of `output_format`."""
        if self.outputs:
            return self.outputs
        kbps = self.aac_kbps if self.output_format is OutputFormat.AAC else None
        return (RecipeOutput(format=FileFormat(self.output_format.value), kbps=kbps),)

    @property
    def only_measured(self) -> bool:
        return self.loudness is LoudnessPreset.MEASURE

    @property
    def duration(self) -> float:
        """Seconds of the whole render."""
        return sum(clip.duration + clip.gap - clip.crossfade for clip in self.clips)

    @property
    def summary(self) -> str:
        """How many clips, and how long they are together."""
        count = len(self.clips)
        return f"{count} clip{'s' if count > 1 else ''} · {format_duration(self.duration)}"

    @property
    def sources(self) -> str:
        """The assets that are cut, as Markdown, each once."""
        return inline_codes(*dict.fromkeys(str(clip.source_asset_id) for clip in self.clips))

    def to_json(self) -> bytes:
        """The content of `edits.json`: of what the first web app does not know, only what the recipe says."""
        unsaid = None if self.report else {"report"}
        return self.model_dump_json(indent=2, exclude_none=True, exclude=unsaid).encode()

    def name_of(self, index: int) -> str:
        """A clip in the words of an error: its position, counted from 1, and its id."""
        return clip_name(index, self.clips[index].id)

    @model_validator(mode="before")
    @classmethod
    def _preset_stands_for_numbers(cls, fields: Any) -> Any:
        return with_preset(fields) if isinstance(fields, dict) else fields

    @model_validator(mode="after")
    def _clips_join(self) -> Self:
        if self.clips[-1].gap or self.clips[-1].crossfade:
            raise ValueError(f"{self.name_of(len(self.clips) - 1)} is the last one: no gap or crossfade follows it")
        before = 0.0
        for index, clip in enumerate(self.clips):
            overlap = before + clip.crossfade
            if overlap > clip.duration + SLACK:
                name = self.name_of(index)
                raise ValueError(f"{name} is {clip.duration:g} s long, and its crossfades {overlap:g} s")
            before = clip.crossfade
        return self

    @model_validator(mode="after")
    def _measuring_renders_nothing(self) -> Self:
        if self.only_measured and self.normalize:
            raise ValueError("loudness 'measure' makes no file, and normalize asks for one")
        if self.only_measured and self.outputs:
            raise ValueError("loudness 'measure' makes no file, and outputs asks for some")
        return self

    @model_validator(mode="after")
    def _outputs_stand_alone(self) -> Self:
        if not self.outputs:
            return self
        if self.output_format is not OutputFormat.WAV or self.aac_kbps is not None:
            raise ValueError("outputFormat and aacKbps are of one file, and outputs lists the files")
        if fault := fault_of(self.outputs, self.output_sample_rate):
            raise ValueError(fault)
        return self

    @model_validator(mode="after")
    def _rates_fit_the_format(self) -> Self:
        if self.output_format is not OutputFormat.AAC:
            return self
        if self.output_sample_rate not in AAC_RATES:
            raise ValueError(f"outputSampleRate {self.output_sample_rate} does not exist in AAC")
        highest = max_aac_kbps(self.output_sample_rate)
        if self.aac_kbps is not None and self.aac_kbps > highest:
            rate = self.output_sample_rate
            raise ValueError(f"aacKbps {self.aac_kbps} is more than the {highest} that AAC has at {rate} Hz")
        return self
