"""What the log says of an attempt at a step: that it began, and how it ended."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from temporalio import activity
from temporalio.exceptions import ApplicationError

from audioprep.jobs.errors import ErrorKind
from audioprep.jobs.request import job_id_of

log = structlog.get_logger()


@contextmanager
def told() -> Iterator[None]:
    """Everything that is logged in the block has the job, the step and the attempt as well."""
    info = activity.info()
    workflow_id = info.workflow_id or ""
    about = {"job_id": job_id_of(workflow_id), "workflow_id": workflow_id}
    with structlog.contextvars.bound_contextvars(**about, step=info.activity_type, attempt=info.attempt):
        begun = time.monotonic()
        log.info("step_started")
        try:
            yield
        except asyncio.CancelledError:
            log.info("step_cancelled", seconds=_since(begun))
            raise
        except ApplicationError as error:
            if error.type == ErrorKind.WORKER_SHUTDOWN:
                log.info("step_handed_over", seconds=_since(begun))
            else:
                log.warning("step_failed", seconds=_since(begun), kind=error.type, error=error.message)
            raise
        log.info("step_ended", seconds=_since(begun))


def _since(begun: float) -> float:
    return round(time.monotonic() - begun, 3)
