"""Actions of the reconciler: what a bridge may do about one job."""

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Nothing:
    """Row and workflow agree."""


@dataclass(frozen=True, slots=True)
class Start:
    """Start the workflow of a claimed row; if its id was used already, that run counts."""


@dataclass(frozen=True, slots=True)
class ReserveId:
    """Start the workflow already cancelled, so that a slower start of the same job can never run."""


@dataclass(frozen=True, slots=True)
class CancelWorkflow:
    """Ask the workflow to cancel; it closes when its child process is dead."""


@dataclass(frozen=True, slots=True)
class WriteProgress:
    """Bring the row up to date; the write also shows that the job is alive."""

    stage: str
    progress: float
    retries: int


@dataclass(frozen=True, slots=True)
class Complete:
    """`stage` is the last one; None leaves what the row has."""

    result: str
    stage: str | None = None


@dataclass(frozen=True, slots=True)
class Fail:
    """`stage` is where it happened; None leaves what the row has. `attempts` are those at the step that failed."""

    error: str
    kind: str
    stage: str | None = None
    attempts: int = 1


@dataclass(frozen=True, slots=True)
class Reap:
    """Fail a row that no program has touched for longer than its type may take."""

    error: str


@dataclass(frozen=True, slots=True)
class Abandon:
    """Terminate a workflow whose code cannot go on, after the job's time, and fail the row."""

    error: str
    kind: str
    attempts: int = 1


@dataclass(frozen=True, slots=True)
class RecordCancel:
    """The row follows a cancel made in Temporal."""


@dataclass(frozen=True, slots=True)
class AcknowledgeCancel:
    """Nothing runs any more: tell the web app so."""


Action: TypeAlias = (
    Nothing
    | Start
    | ReserveId
    | CancelWorkflow
    | WriteProgress
    | Complete
    | Fail
    | Reap
    | Abandon
    | RecordCancel
    | AcknowledgeCancel
)
