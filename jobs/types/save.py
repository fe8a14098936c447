"""`save`: a recipe as the asset's prepared file."""

from typing import TYPE_CHECKING, Any

from pydantic import Field

from audioprep.jobs import keys
from audioprep.jobs.payload import JobPayload, WireModel
from audioprep.jobs.text.wording import inline_code, inline_codes
from audioprep.jobs.types.loudness import LoudnessReport
from audioprep.jobs.types.outputs import FileFormat
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
        files = ", ".join(file.label for file in self.recipe.outputs or ()) or str(self.recipe.output_format)
        return f"{self.recipe.summary} · {files}{normalized}"

    def facts(self, request: "JobRequest[Any]") -> dict[str, str]:
        """Markdown by name: which assets are cut, and where the render will be."""
        asset = str(self.recipe.asset_id)
        names = [*prepared_keys(self.recipe), keys.edits(asset)]
        plot = [keys.loudness_plot(asset)] if self.recipe.report or self.recipe.only_measured else []
        names = plot if self.recipe.only_measured else [*names, *plot]
        files = inline_codes(*(name.rsplit("/", 1)[-1] for name in names))
        return {"sources": self.recipe.sources, "files": f"in {inline_code(keys.asset_folder(asset))}: {files}"}


def prepared_keys(recipe: Recipe) -> list[str]:
    """The keys of a save's files, in the order of `outputs`."""
    return [keys.prepared(str(recipe.asset_id), file.format.extension) for file in recipe.files]


def _is_absent(value: object) -> bool:
    return value is None


class SavedFile(WireModel):
    """One stored file of `outputs`, and how loud it is when it is decoded. None stands for silence."""

    key: str
    format: FileFormat
    size: int = Field(alias="bytes")
    integrated: float | None = Field(description="LUFS")
    true_peak: float | None = Field(description="dBTP")


class SaveResult(WireModel):
    """`prepared_key` is absent where nothing was rendered, `loudness` where no report was asked for.

    `outputs` is there where the recipe has `outputs`, in their order; `prepared_key` is the first of them.
    """

    asset_id: str
    prepared_key: str | None = Field(default=None, exclude_if=_is_absent)
    outputs: tuple[SavedFile, ...] | None = Field(default=None, exclude_if=_is_absent)
    loudness: LoudnessReport | None = Field(default=None, exclude_if=_is_absent)
