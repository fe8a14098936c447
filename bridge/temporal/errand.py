"""What the bridge sends to Temporal for one job."""

from dataclasses import dataclass
from typing import Any

from audioprep.jobs.request import JobRequest


@dataclass(frozen=True, slots=True)
class Errand:
    """A workflow by name, its one argument, and how it shows in Temporal's UI.

    `task_queue` None is the bridge's own, `priority` None is Temporal's middle.
    """

    workflow: str
    request: JobRequest[Any]
    summary: str
    task_queue: str | None = None
    priority: int | None = None
