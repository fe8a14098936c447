"""Activity of a delete: assets removed from storage and from this worker's cache."""

from uuid import UUID

from temporalio import activity

from audioprep.activities.resources import ActivityResources
from audioprep.activities.storage.assets import count_deleted_bytes, delete_asset
from audioprep.activities.storage.objects import StoredObject
from audioprep.jobs.payload import WireModel
from audioprep.jobs.status import Stage
from audioprep.jobs.types.delete import DeleteResult


class DeleteInput(WireModel):
    """Which assets to remove."""

    asset_ids: tuple[UUID, ...]


class DeleteActivities:
    """Idempotent: what an earlier attempt has removed is not there any more."""

    def __init__(self, resources: ActivityResources) -> None:
        self._resources = resources

    @activity.defn(name="audioprep.delete_assets")
    async def delete_assets(self, input: DeleteInput) -> DeleteResult:
        """Remove all objects of these assets. How many there were, and their bytes."""
        removed: list[StoredObject] = []
        async with self._resources.step(Stage.DELETING) as step:

            def note(found: StoredObject) -> None:
                removed.append(found)
                step.keep_alive()

            for number, asset in enumerate(input.asset_ids):
                await delete_asset(self._resources.storage, self._resources.cache, str(asset), note)
                step.report_progress((number + 1) / len(input.asset_ids))
        size = sum(found.size for found in removed)
        count_deleted_bytes("asset", size)
        return DeleteResult(objects=len(removed), size=size)
