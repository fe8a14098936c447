"""Trace of a job: it begins with its row."""

from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry import trace
from opentelemetry.trace import SpanKind

from audioprep.jobs.job import Job
from audioprep.jobs.request import workflow_id_for
from audioprep.jobs.timestamps import from_text

_tracer = trace.get_tracer("audioprep.bridge")


@contextmanager
def start_span(job: Job, table_id: str) -> Iterator[None]:
    """From the row's INSERT to the start of its workflow, which goes on with the same trace."""
    attributes = {
        "audioprep.job.id": job.job_id,
        "audioprep.job.type": job.type,
        "audioprep.workflow.id": workflow_id_for(job.job_id, table_id),
    }
    created = _nanoseconds(job.created_at)
    with _tracer.start_as_current_span("job", kind=SpanKind.PRODUCER, attributes=attributes, start_time=created):
        trace.get_current_span().add_event("claimed", timestamp=_nanoseconds(job.updated_at))
        yield


def _nanoseconds(text: str) -> int | None:
    """Of the Unix epoch; None, which means now, for a time that cannot be read."""
    try:
        return int(from_text(text).timestamp() * 1e9)
    except ValueError:
        return None
