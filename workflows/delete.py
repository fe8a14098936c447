"""`delete`: assets removed, in one step."""

from temporalio import workflow

from audioprep.workflows.steps import open_steps

with workflow.unsafe.imports_passed_through():
    from audioprep.activities.delete import DeleteActivities, DeleteInput
    from audioprep.jobs.registry import DELETE
    from audioprep.jobs.request import JobRequest
    from audioprep.jobs.status import Stage
    from audioprep.jobs.types.delete import DeletePayload, DeleteResult


@workflow.defn(name=DELETE.workflow)
class DeleteWorkflow:
    """A cancel stops it between two objects; what is gone by then stays gone, and the asset is not whole any more."""

    @workflow.run
    async def run(self, request: JobRequest[DeletePayload]) -> DeleteResult:
        async with open_steps(request) as steps:
            return await steps.run(
                DeleteActivities.delete_assets,
                DeleteInput(asset_ids=steps.payload.asset_ids),
                stage=Stage.DELETING,
                summary=steps.payload.summary,
            )
