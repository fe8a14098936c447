"""Rows of the jobs table as values: what other programs left in the columns is not trusted."""

import json
import math

from libsql_client import ResultSet, Row
from libsql_client.client import Value

from audioprep.jobs.job import Job
from audioprep.jobs.status import JobStatus


def jobs_of(result: ResultSet) -> list[Job]:
    """The rows of an answer to a query that names the columns in our order."""
    return [job_of(row) for row in result.rows]


def readable_jobs(result: ResultSet) -> list[Job]:
    """Those with an id by which their row can be found again."""
    return [job_of(row) for row in result.rows if has_readable_id(row)]


def has_readable_id(row: Row) -> bool:
    job_id = row[0]
    return not isinstance(job_id, bytes) or job_id == job_id.decode(errors="replace").encode()


def job_of(row: Row) -> Job:
    """The queries name the columns in the order of the fields; what other programs left in them is not trusted."""
    job_id, kind, status, progress, stage, metadata, result, error, retries, created, updated = row.astuple()
    return Job(
        job_id=shown(job_id),
        type=shown(kind),
        status=JobStatus(shown(status)),
        progress=number_of(progress),
        stage=text_of(stage),
        metadata=text_of(metadata),
        result=text_of(result),
        error=text_of(error),
        retry_count=int(number_of(retries)),
        created_at=shown(created),
        updated_at=shown(updated),
    )


def text_of(value: Value) -> str | None:
    return None if value is None else shown(value)


def shown(value: Value) -> str:
    """A value as text. Columns of text come as bytes, which another program may have left in another encoding."""
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


def number_of(value: Value) -> float:
    """0 for what is not a finite number."""
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else 0.0


def tenant_of(metadata: str | None) -> str:
    """The tenant that a row names; empty without one."""
    return text_field(metadata, "tenant")


def text_field(metadata: str | None, name: str) -> str:
    """One field of a row's metadata; empty if the metadata is no object, or the field no text."""
    try:
        document = json.loads(metadata or "null")
    except (ValueError, RecursionError):
        return ""
    value = document.get(name) if isinstance(document, dict) else None
    return value if isinstance(value, str) else ""
