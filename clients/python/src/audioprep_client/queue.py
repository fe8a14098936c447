"""A job's place in the queue, with an estimate from how quickly jobs have ended of late."""

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import Final

from audioprep_client.database import Connection, rows
from audioprep_client.generated import JOB_TYPES
from audioprep_client.job import QueuePlace

_MARKS: Final = ", ".join("?" for _ in JOB_TYPES)
_HOUR: Final = 3600.0
_PLACE: Final = f"""
SELECT job.status, (
  SELECT COUNT(*) FROM (
    SELECT 1 FROM audio_prep_jobs AS other WHERE other.status = 'pending' AND other.type IN ({_MARKS})
    AND other.createdAt < job.createdAt LIMIT 1000
  )
) FROM audio_prep_jobs AS job WHERE job.jobId = ?
"""
_ENDS: Final = f"""
SELECT updatedAt FROM (SELECT status, type, updatedAt FROM audio_prep_jobs ORDER BY updatedAt DESC LIMIT 60)
WHERE status IN ('complete', 'failed') AND type IN ({_MARKS})
"""


def queue_place(connection: Connection, job_id: str) -> QueuePlace | None:
    """None if there is no such job."""
    found = rows(connection, _PLACE, *JOB_TYPES, job_id)
    if not found:
        return None
    status, ahead = found[0]
    if status != "pending":
        return QueuePlace(0, 0.0)
    now = datetime.now(UTC).timestamp()
    ends = [datetime.fromisoformat(row[0]).timestamp() for row in rows(connection, _ENDS, *JOB_TYPES)]
    each = mean_gap([end for end in ends if end > now - _HOUR])
    return QueuePlace(ahead, None if each is None else math.ceil(each * (ahead + 1)))


def mean_gap(ends: Sequence[float]) -> float | None:
    """Seconds between two ends while there was work: the longest quarter of the gaps is left out."""
    gaps = sorted(later - earlier for later, earlier in pairwise(ends))
    busy = gaps[: math.ceil(len(gaps) * 0.75)]
    return sum(busy) / len(busy) if len(busy) > 1 else None
