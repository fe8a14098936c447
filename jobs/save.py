"""`save`: a recipe as the asset's prepared file."""

from audioprep.jobs.models import WireModel
from audioprep.jobs.payload import JobPayload
from audioprep.jobs.recipe import Recipe


class SavePayload(JobPayload):
    recipe: Recipe

    @property
    def summary(self) -> str:
        normalized = " · normalized" if self.recipe.normalize else ""
        return (
            f"{len(self.recipe.clips)} clips · {self.recipe.duration:.1f} s · {self.recipe.output_format}{normalized}"
        )


class SaveResult(WireModel):
    asset_id: str
    prepared_key: str
