"""What a look that fails means: for its row alone, or for all of them."""

from typing import cast

import pytest
import structlog

from audioprep.bridge.care import Care
from audioprep.bridge.database_errors import DatabaseRefused, DatabaseUnavailable, StatementRefused
from audioprep.bridge.executions import Executions
from audioprep.bridge.reconciler import Reconciler
from audioprep.bridge.temporal_errors import TemporalUnavailable
from audioprep.jobs.job import Job
from audioprep.jobs.status import JobStatus

NOW = "2026-01-31T12:00:00.000Z"


class Failing:
    """A reconciler whose every look fails."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    async def settle(self, *_: object, **__: object) -> None:
        raise self._error


def _care(error: Exception) -> Care:
    return Care(cast("Reconciler", Failing(error)), cast("Executions", None))


@pytest.fixture
def job() -> Job:
    return Job("a", "ingest", JobStatus.PROCESSING, 0, "queued", "{}", None, None, 0, NOW, NOW)


@pytest.mark.parametrize("kind", [TemporalUnavailable, DatabaseUnavailable, DatabaseRefused])
async def test_a_side_that_is_away_is_asked_again_at_once(kind: type[Exception], job: Job) -> None:
    care = _care(kind("It is away."))

    with pytest.raises(kind, match="away"):
        await care.settle_all([job])

    assert care.due(older_than=2, at_most=1) == [job], "else the passes between two looks would pass for success"


async def test_a_refused_statement_is_its_row_s_alone(job: Job) -> None:
    care = _care(StatementRefused("The database refused a statement: no."))

    with structlog.testing.capture_logs() as logged:
        await care.settle_all([job])

    assert [(line["event"], line["error"]) for line in logged] == [
        ("job_not_settled", "The database refused a statement: no.")
    ]
    assert care.due(older_than=2, at_most=1) == []
