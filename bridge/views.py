"""What Temporal says of one job's workflow, reduced to what the bridge decides by.

`since` is when Temporal learned it, where that is known. Nothing is decided by it: metrics tell how old news are.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Missing:
    """No workflow has this id: never started, or gone after Temporal's retention."""


@dataclass(frozen=True, slots=True)
class Running:
    """`stage` is None until the workflow says one. `retries` counts those of the step under way."""

    stage: str | None = None
    progress: float = 0.0
    retries: int = 0
    since: datetime | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Completed:
    """`result` is the workflow's result as JSON text, `stage` its last one where that is known."""

    result: str
    stage: str | None = None
    since: datetime | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Failed:
    """Failed, timed out or terminated. `error` is one sentence for people; `kind` its cause for logs and metrics.

    `stage` is where it happened, if that is known.
    """

    error: str
    kind: str
    stage: str | None = None
    since: datetime | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Cancelled:
    """Closed because somebody cancelled it."""

    since: datetime | None = field(default=None, compare=False)


WorkflowView: TypeAlias = Missing | Running | Completed | Failed | Cancelled
Closed: TypeAlias = Completed | Failed | Cancelled
