"""Job request: the single argument of a job's workflow; ids of workflows; task queues."""

import re
import unicodedata
from typing import Final, Generic, TypeVar
from urllib.parse import unquote

from pydantic import Field

from audioprep.jobs.payload import WireModel

P = TypeVar("P")

WORKFLOW_ID_PREFIX: Final = "audioprep-"
WEBHOOK_ID_PREFIX: Final = "audioprep-webhook-"  # of the workflows that deliver webhooks; no table id begins so
MAX_JOB_ID: Final = 200  # characters; escaped they are 800 bytes at most, and Temporal takes ids of 1,000 bytes
_RESERVED: Final = re.compile(r"[%/]")  # `/` separates a job from its children, `%` escapes
_TABLE: Final = re.compile(r"[0-9a-f]{12}-")


class JobRequest(WireModel, Generic[P]):
    """The single argument of every job workflow, in any language: `{jobId, type, payload, timeoutSeconds, ...}`.

    `cancelled` marks a workflow that only takes the job's id, so that no later start can run it: it must close at once
    as cancelled. Its payload is null. `tableId` is the identity of the jobs table, empty for a workflow started by a
    bridge before tables had one. `storagePrefix` is the folder of the storage
    that all keys of the job are relative to. `part` names a child's share of the job, as an entry of a playlist.
    """

    job_id: str
    type: str
    payload: P | None
    table_id: str = ""
    storage_prefix: str = ""
    part: str = ""
    timeout_seconds: float = Field(default=600, gt=0)
    max_attempts: int = Field(default=3, ge=1, description="tries of one step before the job fails")
    first_delay_seconds: float = Field(default=1, gt=0, description="before the second try; doubled each time")
    last_delay_seconds: float = Field(default=60, gt=0, description="longest wait between two tries")
    cancelled: bool = False

    @property
    def workflow_id(self) -> str:
        """The id of the job's workflow, or of this part's."""
        whole = workflow_id_for(self.job_id, self.table_id)
        return f"{whole}/{self.part}" if self.part else whole


def is_job_id(text: str) -> bool:
    """Whether a row may have this id: 1 to 200 characters, none of them a control character."""
    return 0 < len(text) <= MAX_JOB_ID and not any(unicodedata.category(char) == "Cc" for char in text)


def workflow_id_for(job_id: str, table_id: str) -> str:
    """`audioprep-{tableId}-{jobId}`, with `%` and `/` of the job id percent-encoded.

    Without a table id it is the form of workflows started before tables had one: `audioprep-{jobId}`.
    """
    if not table_id:
        return WORKFLOW_ID_PREFIX + job_id
    return f"{WORKFLOW_ID_PREFIX}{table_id}-{escaped(job_id)}"


def workflow_ids_of(table_id: str) -> str:
    """The prefix that the workflow ids of one table's jobs, and only these, have in common."""
    return f"{WORKFLOW_ID_PREFIX}{table_id}-"


def job_id_of(workflow_id: str) -> str:
    """The job a workflow runs for, for logs; a workflow that is not a job's keeps its id."""
    path = workflow_id.removeprefix(WEBHOOK_ID_PREFIX).removeprefix(WORKFLOW_ID_PREFIX)
    table = _TABLE.match(path)
    return unquote(path[table.end() :]) if table else path


def short_id(job_id: str) -> str:
    """What people see of an id, and type: enough of a UUID to tell jobs apart."""
    return job_id[:8]


def escaped(job_id: str) -> str:
    """A job id without the separator of ids: no two job ids, and no job and child, share one."""
    return _RESERVED.sub(lambda found: f"%{ord(found[0]):02X}", job_id)


_DOWNLOADS: Final = "-downloads"


def downloads_queue(task_queue: str) -> str:
    """The queue of the steps that fetch from other sites, so that a slow site takes no slot of the other steps."""
    return f"{task_queue}{_DOWNLOADS}"


def is_downloads_queue(task_queue: str) -> bool:
    """Whether it is one of these."""
    return task_queue.endswith(_DOWNLOADS)
