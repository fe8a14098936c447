"""`preview` (alias `edit`): a recipe as a quick MP3, cached by the recipe's hash."""

import hashlib
import json
from typing import TYPE_CHECKING, Any

from pydantic import Field

from audioprep.jobs import keys
from audioprep.jobs.models import WireModel
from audioprep.jobs.payload import JobPayload
from audioprep.jobs.recipe import Recipe
from audioprep.jobs.wording import code

if TYPE_CHECKING:
    from audioprep.jobs.request import JobRequest


class PreviewPayload(JobPayload):
    recipe: Recipe
    recipe_hash: str = Field(pattern=r"^[A-Za-z0-9_-]{1,128}$")

    @property
    def summary(self) -> str:
        return self.recipe.summary

    def facts(self, request: "JobRequest[Any]") -> dict[str, str]:
        """Markdown by name: which assets are cut, and where the MP3 will be."""
        return {
            "sources": self.recipe.sources,
            "files": code(keys.preview(str(self.recipe.asset_id), self.recipe_hash)),
        }


class PreviewResult(WireModel):
    preview_key: str


def hash_of(recipe: Any) -> str:
    """A recipe's hash for who has none: SHA-256 of its JSON with sorted keys and no spaces, in hexadecimal."""
    canonical = json.dumps(recipe, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(canonical.encode()).hexdigest()
