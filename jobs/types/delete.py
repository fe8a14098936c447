"""`delete`: assets removed from storage, with all that was made of them."""

from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from pydantic import Field

from audioprep.jobs import keys
from audioprep.jobs.payload import JobPayload, WireModel
from audioprep.jobs.text.wording import inline_code

if TYPE_CHECKING:
    from audioprep.jobs.request import JobRequest

MAX_ASSETS: Final = 100


class DeletePayload(JobPayload):
    """`metadata` of a delete row. An asset that is not there counts as deleted."""

    asset_ids: tuple[UUID, ...] = Field(min_length=1, max_length=MAX_ASSETS)

    @property
    def summary(self) -> str:
        first = str(self.asset_ids[0])
        return first if len(self.asset_ids) == 1 else f"{first} and {len(self.asset_ids) - 1} more"

    def facts(self, request: "JobRequest[Any]") -> dict[str, str]:
        """Markdown by name: the folders that go."""
        return {"folders": ", ".join(inline_code(keys.asset_folder(str(asset))) for asset in self.asset_ids)}


class DeleteResult(WireModel):
    """What the last attempt removed: after an attempt that was interrupted it found less than there had been."""

    objects: int
    size: int = Field(alias="bytes")
