"""Routes: job types that are passed, unread, to a workflow by name, and whose result comes back."""

from collections.abc import Collection, Mapping

from audioprep.jobs.payload import AnyPayload
from audioprep.jobs.registry import JobType, JobTypes

_AT = "@"


def route(name: str, target: str) -> JobType:
    """The job type `name`, run by `target`: a workflow's name, or `Workflow@task-queue`.

    Raises ValueError when either is missing.
    """
    workflow, at, task_queue = target.strip().partition(_AT)
    if not name.strip() or not workflow or (at and not task_queue):
        raise ValueError(
            f"The route {name!r}: {target!r} is invalid: expected a type and 'Workflow' or 'Workflow@queue'."
        )
    return JobType(name=name, workflow=workflow, payload=AnyPayload, task_queue=task_queue or None)


def served(types: JobTypes, words: Collection[str], routes: Mapping[str, str]) -> JobTypes:
    """The types that a bridge serves: those of `types` that go by one of `words`, all if it is empty, and all routes.

    Where words are given, a route may have the name of a type: it takes its place. Raises ValueError if a route is
    invalid, if no type goes by a word, or if a route has the name of a type and no words are given.
    """
    if words:
        types = types.only([word for word in words if word not in routes])
    elif taken := sorted(set(types.names) & set(routes)):
        raise ValueError(
            f"There are two job types called {taken[0]!r}, one of them a route: "
            "list the types to serve in AUDIOPREP_TYPES, without it."
        )
    found = types.with_more(route(name, target) for name, target in routes.items())
    if not found.names:
        raise ValueError("There is no job type to serve.")
    return found
