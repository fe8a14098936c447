"""What Temporal says of one job's workflow, reduced to what the bridge decides by.

`since` is when Temporal learned it, where that is known. Nothing is decided by it: metrics tell how old updates are.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Missing:
    """No workflow has this id: never started, or gone after Temporal's retention."""


@dataclass(frozen=True, slots=True)
class Running:
    """`stage` is None until the workflow says one. `retries` counts those of the step under way.

    `started` is when the workflow was, None where that is not known; `stuck_tasks` counts the attempts at its current
    workflow task, 0 while it moves: its code cannot go on, or the worker cannot read a payload. `uses_slot` is False
    while the job waits for a site or downloads in a slot for downloads.
    """

    stage: str | None = None
    progress: float = 0.0
    retries: int = 0
    since: datetime | None = field(default=None, compare=False)
    started: datetime | None = field(default=None, compare=False)
    stuck_tasks: int = field(default=0, compare=False)
    uses_slot: bool = field(default=True, compare=False)


@dataclass(frozen=True, slots=True)
class Completed:
    """`result` is the workflow's result as JSON text, `stage` its last one where that is known."""

    result: str
    stage: str | None = None
    since: datetime | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Failed:
    """Failed, timed out or terminated. `error` is one sentence for people; `kind` its cause for logs and metrics.

    `stage` is where it happened, if that is known. `exhausted` says that all attempts at a step were used up.
    """

    error: str
    kind: str
    stage: str | None = None
    exhausted: bool = False
    since: datetime | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Cancelled:
    """Closed by a cancel."""

    since: datetime | None = field(default=None, compare=False)


WorkflowView: TypeAlias = Missing | Running | Completed | Failed | Cancelled
Closed: TypeAlias = Completed | Failed | Cancelled
