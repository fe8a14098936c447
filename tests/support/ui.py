"""Pages of the Temporal UI."""

from temporalio.client import Client


async def metadata_page(client: Client, ui_url: str, workflow_id: str) -> str:
    """Summary, details and current details of a job's workflow."""
    return f"{await _workflow(client, ui_url, workflow_id)}/user-metadata"


async def timeline_page(client: Client, ui_url: str, workflow_id: str) -> str:
    """The steps of a job's workflow over time."""
    return f"{await _workflow(client, ui_url, workflow_id)}/timeline"


async def _workflow(client: Client, ui_url: str, workflow_id: str) -> str:
    seen = await client.get_workflow_handle(workflow_id).describe()
    return f"{ui_url}/namespaces/{client.namespace}/workflows/{seen.id}/{seen.run_id}"
