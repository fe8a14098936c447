"""Open workflows of all tables' jobs, in one question to the visibility store."""

from collections import defaultdict
from contextlib import suppress

from temporalio.client import Client

from audioprep.bridge.temporal.gate import CALL_TIMEOUT, TemporalGate
from audioprep.jobs.progress import MEMO_HOME, MEMO_JOB_ID
from audioprep.jobs.request import WORKFLOW_ID_PREFIX, workflow_id_for


async def open_jobs_by_table(client: Client, gate: TemporalGate) -> dict[str, list[str]]:
    """The ids of jobs whose workflow is open, by the identity of their table. Raises TemporalUnavailable."""
    query = f"WorkflowId STARTS_WITH '{WORKFLOW_ID_PREFIX}' AND ExecutionStatus = 'Running'"
    async with gate.asking():
        executions = [run async for run in client.list_workflows(query, rpc_timeout=CALL_TIMEOUT)]
    found: dict[str, list[str]] = defaultdict(list)
    for execution in executions:
        with suppress(ValueError, LookupError):  # a memo that cannot be read is of another deployment
            memo = await execution.memo()
            home, job_id = memo.get(MEMO_HOME), memo.get(MEMO_JOB_ID)
            if isinstance(home, str) and isinstance(job_id, str) and execution.id == workflow_id_for(job_id, home):
                found[home].append(job_id)
    return found
