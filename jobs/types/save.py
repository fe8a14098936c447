"""`save`: a recipe as the asset's prepared file."""

from typing import TYPE_CHECKING, Any

from pydantic import Field

from audioprep.jobs import keys
from audioprep.jobs.payload import JobPayload, WireModel
from audioprep.jobs.text.wording import inline_code, inline_codes
from audioprep.jobs.types.loudness import LoudnessReport
from audioprep.jobs.types.recipe import Recipe

if TYPE_CHECKING:
    from audioprep.jobs.request import JobRequest


class SavePayload(JobPayload):
    recipe: Recipe

    @property
    def summary(self) -> str:
        if self.recipe.only_measured:
            return f"{self.recipe.summary} · measured"
        normalized = " · normalized" if self.recipe.normalize else ""
        return f"{self.recipe.summary} · {self.recipe.output_format}{normalized}"

    def facts(self, request: "JobRequest[Any]") -> dict[str, str]:
        """Markdown by name: which assets are cut, and where the render will be."""
        asset = str(self.recipe.asset_id)
        names = [keys.prepared(asset, self.recipe.output_format.extension), keys.edits(asset)]
        plot = [keys.loudness_plot(asset)] if self.recipe.report or self.recipe.only_measured else []
        names = plot if self.recipe.only_measured else [*names, *plot]
        files = inline_codes(*(name.rsplit("/", 1)[-1] for name in names))
        return {"sources": self.recipe.sources, "files": f"in {inline_code(keys.asset_folder(asset))}: {files}"}


def _is_absent(value: object) -> bool:
    return value is None


class SaveResult(WireModel):
    """`prepared_key` is absent where nothing was rendered, `loudness` where no report was asked for."""

    asset_id: str
    prepared_key: str | None = Field(default=None, exclude_if=_is_absent)
    loudness: LoudnessReport | None = Field(default=None, exclude_if=_is_absent)
