"""`preview` (alias `edit`): a recipe as a quick MP3, cached by a digest of the recipe."""

import hashlib
import json
from typing import TYPE_CHECKING, Any

from pydantic import Field

from audioprep.jobs import keys
from audioprep.jobs.payload import JobPayload, WireModel
from audioprep.jobs.text.wording import inline_code
from audioprep.jobs.types.recipe import Recipe

if TYPE_CHECKING:
    from audioprep.jobs.request import JobRequest

_MP3_RATES = (32000, 44100, 48000)  # MPEG-1 layer III: the ones that all players know, and 128 kbit/s fits
_RENDERER = 1  # raise it when the same recipe is to sound different: stored previews are then rendered again
# A preset is heard as the numbers that it stands for.
_NOT_HEARD = frozenset(
    {
        *("version", "asset_id", "output_format", "output_sample_rate", "aac_kbps", "outputs"),
        *("loudness", "report", "tags", "cover"),
    }
)


class PreviewPayload(JobPayload):
    recipe: Recipe
    recipe_hash: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9_-]{1,128}$",
        description="names the preview's file; a digest of the recipe if absent",
    )

    @property
    def key(self) -> str:
        """Where the MP3 will be. The web app's hash is a name, not a proof of what is stored under it."""
        return keys.preview(str(self.recipe.asset_id), self.recipe_hash or digest_of(self.recipe))

    @property
    def summary(self) -> str:
        return self.recipe.summary

    def facts(self, request: "JobRequest[Any]") -> dict[str, str]:
        """Markdown by name: which assets are cut, and where the MP3 will be."""
        return {"sources": self.recipe.sources, "files": inline_code(self.key)}


class PreviewResult(WireModel):
    preview_key: str


def preview_rate(recipe_rate: int) -> int:
    """The sample rate of a preview: the recipe's where MP3 has it, 44.1 kHz otherwise."""
    return recipe_rate if recipe_rate in _MP3_RATES else 44100


def digest_of(recipe: Recipe) -> str:
    """SHA-256, in hexadecimal, of everything in a recipe that can be heard in its preview.

    Numbers are compared by value (1 and 1.0 are one recipe), clip ids and the output format not at all. A field that is
    new in the model counts until it is listed as not heard: that costs a render, never a wrong preview.
    """
    unheard = _NOT_HEARD if recipe.normalize else _NOT_HEARD | {"target_lufs", "true_peak"}
    heard = recipe.model_dump(mode="json", exclude={**dict.fromkeys(unheard, True), "clips": {"__all__": {"id"}}})
    sound = {"renderer": _RENDERER, "rate": preview_rate(recipe.output_sample_rate), **heard}
    canonical = json.dumps(_without_negative_zero(sound), sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def _without_negative_zero(value: object) -> object:
    match value:
        case float():
            return value + 0.0
        case dict():
            return {name: _without_negative_zero(part) for name, part in value.items()}
        case list():
            return [_without_negative_zero(part) for part in value]
        case _:
            return value
