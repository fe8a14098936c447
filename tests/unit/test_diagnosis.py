"""What `doctor` makes of a row and its workflow, line by line."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest

from audioprep.bridge.decide import DecideOptions
from audioprep.bridge.temporal.inspection import Execution
from audioprep.bridge.temporal.workflow_tasks import StuckTask
from audioprep.bridge.views import Cancelled, Completed, Missing, Running, WorkflowView
from audioprep.diagnosis.job import diagnose, stage_of
from audioprep.diagnosis.problems import Evidence, age_of
from audioprep.jobs.job import Job
from audioprep.jobs.registry import INGEST, JOB_TYPES, JobTypes
from audioprep.jobs.status import JobStatus
from audioprep.jobs.timestamps import to_text

NOW = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
RULES = DecideOptions(types=JOB_TYPES)
WORKER = ("1@host",)

Case = tuple[str, str | None, float, WorkflowView | None, tuple[str, ...], int, str, str]

# status, stage, age, what Temporal says, workers, rows being processed; what comes next, and what a person must do.
CASES: dict[str, Case] = {
    "all is well": ("processing", "analyzing", 1, Running("analyzing"), WORKER, 1, "row and workflow agree", ""),
    "news": ("processing", "queued", 1, Running("analyzing", 5), WORKER, 1, "stage and progress up to date", ""),
    "no worker": ("processing", "queued", 1, Running(), (), 1, "agree", "audioprep worker"),
    "no bridge writes": ("processing", "queued", 61, Running("analyzing"), WORKER, 1, "up to date", "audioprep bridge"),
    "the end waits": ("processing", "analyzing", 70, Completed("{}"), WORKER, 1, "complete", "audioprep bridge"),
    "the end is fresh": ("processing", "analyzing", 5, Completed("{}"), WORKER, 1, "complete", ""),
    "a forgotten claim": ("processing", "queued", 20, Missing(), WORKER, 1, "start the workflow", ""),
    "a foreign row": ("processing", "analyzing", 20, Missing(), WORKER, 1, "agree", "another program"),
    "in the queue": ("pending", None, 300, Missing(), WORKER, 4, "claim", ""),
    "nobody claims": ("pending", None, 300, Missing(), WORKER, 0, "claim", "audioprep bridge"),
    "asked just now": ("pending", None, 2, Missing(), WORKER, 0, "claim", ""),
    "cancelling": ("cancelled", "analyzing", 2, Running("analyzing"), WORKER, 0, "cancel the workflow", ""),
    "not acknowledged": ("cancelled", "analyzing", 90, Cancelled(), WORKER, 0, "acknowledge", "audioprep bridge"),
    "finished, no worker": ("complete", "finalizing", 900, Completed("{}"), (), 0, "the job is finished", ""),
    "Temporal is away": ("processing", "analyzing", 5, None, (), 1, "wait", "refused. Mend that first"),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_who_has_to_act_is_told(case: Case) -> None:
    status, stage, age, seen, workers, in_flight, comes_next, to_do = case
    then = to_text(NOW - timedelta(seconds=age))
    job = Job("j1", "ingest", JobStatus(status), 90.0, stage, "{}", None, None, 0, then, then)

    told = diagnose(Evidence(job, seen, None, workers, in_flight, "Connection refused."), NOW, RULES)

    assert comes_next in told.next
    assert [to_do in problem for problem in told.problems] == ([True] if to_do else [])


def test_a_row_whose_time_nobody_can_read_is_not_overdue() -> None:
    job = Job("j1", "ingest", JobStatus.PROCESSING, 0.0, "queued", "{}", None, None, 0, "?", "?")

    told = diagnose(Evidence(job, Running("analyzing"), None, WORKER, 1), NOW, RULES)

    assert (told.next, told.problems) == ("bring stage and progress up to date", ())


STUCK = {
    "no key at the worker": (
        StuckTask(4, "W", "'Unknown payload encoding binary/encrypted'"),
        "Set its AUDIOPREP_PAYLOAD",
    ),
    "another key at the worker": (
        StuckTask(4, "W", "... that AUDIOPREP_PAYLOAD_KEY does not hold."),
        "keys of the bridge",
    ),
    "a refused command": (StuckTask(4, "BAD_SCHEDULE_ACTIVITY_ATTRIBUTES", "key too long"), "`audioprep cancel j1`"),
    "another version": (StuckTask(4, "NON_DETERMINISTIC_ERROR", "x"), "worker of the version that began it"),
    "a fault of the worker": (
        StuckTask(4, "WORKFLOW_WORKER_UNHANDLED_FAILURE", "KeyError"),
        "KeyError). The worker's log",
    ),
    "a cause that is not in the history": (StuckTask(4), "for a reason that the history does not say"),
}


@pytest.mark.parametrize(("task", "to_do"), STUCK.values(), ids=STUCK)
def test_a_stuck_workflow_task_has_a_remedy(task: StuckTask, to_do: str) -> None:
    execution = Execution("running", NOW, None, (), task)

    diagnosis = diagnose(Evidence(_job(), Running(), execution, WORKER, 1), NOW, RULES)

    (problem,) = diagnosis.problems
    assert problem.startswith("The workflow's task has failed 3 times")
    assert to_do in problem
    assert diagnosis.next == "try the workflow's task again"


def test_an_end_that_cannot_be_decrypted_asks_for_keys() -> None:
    evidence = Evidence(_job(), None, None, WORKER, 1, unreadable="A payload is encrypted.")

    diagnosis = diagnose(evidence, NOW, RULES)

    assert "cannot be read" in diagnosis.next
    assert "same AUDIOPREP_PAYLOAD_KEY" in diagnosis.problems[0]


def test_a_type_that_is_not_served_is_named() -> None:
    job = Job("j1", "render", JobStatus.PENDING, 0.0, None, "{}", None, None, 0, to_text(NOW), to_text(NOW))

    found = diagnose(Evidence(job, Missing(), None, WORKER, 0), NOW, RULES)

    assert "leave rows of this type alone" in found.next
    assert "'render' is not served" in found.problems[0]


def test_a_status_of_another_program_is_named() -> None:
    job = replace(_job(), status=cast("JobStatus", "Pending"))

    diagnosis = diagnose(Evidence(job, Missing(), None, WORKER, 0), NOW, RULES)

    assert "The status 'Pending' is not one of pending, processing" in diagnosis.problems[0]


@pytest.mark.parametrize("time", ["?", "", "0001-01-01T00:00:00+23:59", 1769860800000])
def test_a_time_that_cannot_be_read_has_no_age(time: object) -> None:
    assert age_of(replace(_job(), updated_at=cast("str", time)), NOW) is None


def _job() -> Job:
    then = to_text(NOW)
    return Job("j1", "ingest", JobStatus.PROCESSING, 0.0, "queued", "{}", None, None, 0, then, then)


def test_both_sides_show_progress_of_the_whole_job() -> None:
    rules = DecideOptions(JobTypes([replace(INGEST, stages=("queued", "analyzing"))]))
    job = Job("j1", "ingest", JobStatus.PROCESSING, 70.0, "analyzing", "{}", None, None, 0, "?", "?")

    assert stage_of(Evidence(job, Running("analyzing", 50), None, WORKER, 1), rules) == ("analyzing", 75)
    assert stage_of(Evidence(job, Completed("{}"), None, WORKER, 1), rules) == ("", 0)
