"""Job types that need no code of ours: the row's metadata goes to a workflow by name, and its result comes back."""

from audioprep.jobs.payload import AnyPayload
from audioprep.jobs.registry import JobType

_AT = "@"


def route(name: str, target: str) -> JobType:
    """The job type `name`, run by `target`: a workflow's name, or `Workflow@task-queue`.

    Raises ValueError when either is missing.
    """
    workflow, at, task_queue = target.strip().partition(_AT)
    if not name.strip() or not workflow or (at and not task_queue):
        raise ValueError(f"The route {name!r}: {target!r} is none: expected a type and 'Workflow' or 'Workflow@queue'.")
    return JobType(name=name, workflow=workflow, payload=AnyPayload, task_queue=task_queue or None)
