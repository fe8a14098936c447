"""What `doctor` advises: for every kind of failure, and for a whole deployment."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from audioprep.bridge.decide import DecideOptions
from audioprep.bridge.store.service import ServiceStatus
from audioprep.diagnosis.job import diagnose
from audioprep.diagnosis.overview import Overview, problems_of
from audioprep.diagnosis.problems import Evidence
from audioprep.diagnosis.remedies import REMEDIES, Mover, kind_of
from audioprep.jobs.errors import ErrorKind, FailedResult
from audioprep.jobs.job import Job
from audioprep.jobs.registry import JOB_TYPES
from audioprep.jobs.status import JobStatus
from audioprep.jobs.timestamps import to_text

NOW = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
ALIVE = ServiceStatus(bridges=1, workers=1, in_flight=1, slots=4, median_seconds={}, last_seen=NOW)
WELL = Overview(service=ALIVE, waiting=0, oldest="", unfinished=(), failed=(), unserved={}, workers=("1@host",))


def job(status: str, *, kind: str = "", seconds: float = 1.0) -> Job:
    then = to_text(NOW - timedelta(seconds=seconds))
    result = FailedResult.of(kind, 3).model_dump_json() if kind else None
    return Job("j1", "ingest", JobStatus(status), 1.0, "analyzing", None, result, "No.", 0, then, then)


@pytest.mark.parametrize("kind", ErrorKind)
def test_every_kind_has_a_remedy(kind: ErrorKind) -> None:
    told = diagnose(Evidence(job("failed", kind=kind), None, None, (), 0), NOW, DecideOptions(JOB_TYPES))

    assert told.kind is kind
    assert told.mover in (Mover.APP, Mover.OPERATOR)
    assert bool(told.problems) == (told.mover is Mover.OPERATOR)
    assert "retry" not in told.command or kind.may_pass
    assert told.command == REMEDIES[kind].command.format(id="j1")


@pytest.mark.parametrize("result", [None, "", "[]", "{}", '{"error": null}', '{"error": {"kind": "Odd"}}', "[" * 9999])
def test_a_foreign_result_has_no_kind(result: str | None) -> None:
    assert kind_of(replace(job("failed"), result=result)) is None


PROBLEMS = {
    "all is well": (WELL, ""),
    "no bridge": (replace(WELL, service=replace(ALIVE, bridges=0, last_seen=NOW - timedelta(minutes=2))), "2:00 ago"),
    "never a bridge": (replace(WELL, service=replace(ALIVE, bridges=0, last_seen=None)), "audioprep bridge"),
    "bridges do not report": (replace(WELL, service=None), ""),
    "no worker": (replace(WELL, workers=()), "audioprep worker"),
    "no worker by the bridge": (replace(WELL, workers=None, service=replace(ALIVE, workers=0)), "audioprep worker"),
    "Temporal is away": (replace(WELL, workers=None, outage="Temporal cannot be reached"), "cannot be reached."),
    "a quiet row": (replace(WELL, unfinished=(job("processing", seconds=61),)), "`audioprep doctor j1`"),
    "a row that moves": (replace(WELL, unfinished=(job("processing", seconds=59),)), ""),
    "a row that waits": (replace(WELL, unfinished=(job("pending", seconds=900),), waiting=1), ""),
    "an old row, full": (
        replace(WELL, waiting=9, oldest=to_text(NOW - timedelta(hours=1)), service=replace(ALIVE, in_flight=4)),
        "AUDIOPREP_MAX_IN_FLIGHT",
    ),
    "an old row, an old report": (
        replace(
            WELL,
            waiting=9,
            oldest=to_text(NOW - timedelta(hours=1)),
            service=replace(ALIVE, last_seen=NOW - timedelta(minutes=40)),
        ),
        "no bridge has reported for 40:00",
    ),
    "failures of the operator": (replace(WELL, failed=(job("failed", kind="Storage"),) * 3), "3 failed as Storage"),
    "failures of users": (replace(WELL, failed=(job("failed", kind="Refused"), job("failed"))), ""),
    "a type without a bridge": (replace(WELL, unserved={"transcribe": 2}), "transcribe (2)"),
}


@pytest.mark.parametrize(("overview", "says"), PROBLEMS.values(), ids=PROBLEMS)
def test_a_deployment_s_problems_are_named(overview: Overview, says: str) -> None:
    assert [says in problem for problem in problems_of(overview, NOW)] == ([True] if says else [])


def test_failures_are_counted_by_kind() -> None:
    failed = (job("failed", kind="Refused"), job("failed"), job("failed", kind="Refused"))

    assert replace(WELL, failed=failed).kinds == {"Refused": 2, "unknown": 1}
