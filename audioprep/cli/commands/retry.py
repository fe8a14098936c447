"""`retry`: a new job that asks for the same as an old one."""

import uuid
from typing import TYPE_CHECKING

from audioprep.cli.console import fail, read_settings, run
from audioprep.cli.options import AsJson, RetryableId, Watch
from audioprep.cli.table import open_table
from audioprep.cli.views.row import parsed, settled

if TYPE_CHECKING:
    from audioprep.jobs.job import Job


def retry(job_id: RetryableId, watch: Watch = False, as_json: AsJson = False) -> None:
    """Ask again for what a failed or cancelled job was to do: as a new job, whose id is printed."""
    from audioprep.cli.commands.submit import submit_checked

    settings = read_settings()

    async def find() -> "Job":
        async with open_table(settings) as table:
            return await table.find(job_id)

    old = run(find())
    if not settled(old):
        fail(f"Job {job_id} is not finished; `audioprep cancel {job_id}` ends it.")
    if old.status.value == "complete":
        fail(f"Job {job_id} is complete; `audioprep show {job_id}` prints its result.")
    metadata = parsed(old.metadata)
    if not isinstance(metadata, dict):
        fail(f"The metadata of job {job_id} is not a JSON object: it would fail again.")
    submit_checked(settings, str(uuid.uuid4()), old.type, metadata, watch=watch, as_json=as_json)
