"""The decision table, line by line."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from audioprep.bridge.actions import (
    Abandon,
    AcknowledgeCancel,
    Action,
    CancelWorkflow,
    Complete,
    Fail,
    Nothing,
    Reap,
    RecordCancel,
    ReserveId,
    Start,
    WriteProgress,
)
from audioprep.bridge.decide import LOST_ERROR, STUCK_ERROR, DecideOptions, decide
from audioprep.bridge.limits import LimitsByType
from audioprep.bridge.views import Cancelled, Completed, Failed, Missing, Running, WorkflowView
from audioprep.jobs.job import Job
from audioprep.jobs.registry import INGEST, JobLimits, JobTypes
from audioprep.jobs.status import JobStatus
from audioprep.jobs.timestamps import to_text

NOW = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
SHARES = {"queued": 10, "downloading": 40, "analyzing": 40, "finalizing": 10}  # analyzing begins at 50 %
RULES = DecideOptions(
    types=JobTypes([replace(INGEST, stages=SHARES)]),
    limits=LimitsByType({"ingest": JobLimits(timeout=timedelta(seconds=100))}),
)


def job(status: str, stage: str | None = None, *, age: float = 1.0, progress: float = 0.0, retries: int = 0) -> Job:
    then = to_text(NOW - timedelta(seconds=age))
    return Job("j1", "ingest", JobStatus(status), progress, stage, "{}", None, None, retries, then, then)


CASES: list[tuple[str, Job, WorkflowView, Action]] = [
    ("a pending row waits for the claim", job("pending"), Missing(), Nothing()),
    ("another's fresh claim is left alone", job("processing", "queued", age=14), Missing(), Nothing()),
    ("a forgotten claim gets its workflow", job("processing", "queued", age=15), Missing(), Start()),
    ("however old it is", job("processing", "queued", age=9999), Missing(), Start()),
    ("also one by a clock that was ahead", job("processing", "queued", age=-3600), Missing(), Start()),
    (
        "progress goes on over a row by a clock that was ahead",
        job("processing", "analyzing", age=-3600, progress=60.0),
        Running("analyzing", 50),
        WriteProgress("analyzing", 70.0, 0),
    ),
    ("another program's row from the future is not reaped", job("processing", "x", age=-9999), Missing(), Nothing()),
    ("another program's fresh row is left alone", job("processing", "downloading"), Missing(), Nothing()),
    ("a stale row is reaped", job("processing", "downloading", age=101), Missing(), Reap(LOST_ERROR)),
    ("also one without a stage", job("processing", None, age=101), Missing(), Reap(LOST_ERROR)),
    (
        "an old row whose workflow runs is never reaped",
        job("processing", "downloading", age=9999),
        Running("downloading"),
        WriteProgress("downloading", 10.0, 0),
    ),
    (
        "a workflow whose code fails again and again ends with its time",
        job("processing", "queued", retries=1),
        Running("queued", started=NOW - timedelta(seconds=161), stuck_tasks=3),
        Abandon(STUCK_ERROR, "TimedOut", 2),
    ),
    (
        "and not before",
        job("processing", "queued"),
        Running("queued", started=NOW - timedelta(seconds=159), stuck_tasks=3),
        Nothing(),
    ),
    (
        "one that moves has a timer of its own",
        job("processing", "queued"),
        Running("queued", started=NOW - timedelta(seconds=999)),
        Nothing(),
    ),
    (
        "nor one whose outcome waits",
        job("processing", "analyzing", age=9999),
        Completed("{}"),
        Complete("{}", "finalizing"),
    ),
    (
        "a new stage is written at once, from where it begins",
        job("processing", "downloading", age=0.1, progress=42),
        Running("analyzing"),
        WriteProgress("analyzing", 50.0, 0),
    ),
    (
        "a stage that was skipped counts as done",
        job("processing", "downloading", age=0.1, progress=42),
        Running("finalizing"),
        WriteProgress("finalizing", 90.0, 0),
    ),
    (
        "the first progress of a stage is written at once",
        job("processing", "analyzing", age=0.1, progress=50),
        Running("analyzing", 5.0),
        WriteProgress("analyzing", 52.0, 0),
    ),
    (
        "a stage that cannot know stays where it began",
        job("processing", "analyzing", age=5, progress=50),
        Running("analyzing"),
        Nothing(),
    ),
    (
        "more progress waits for its interval",
        job("processing", "analyzing", age=1, progress=60),
        Running("analyzing", 40.0),
        Nothing(),
    ),
    (
        "and is written then",
        job("processing", "analyzing", age=2, progress=60),
        Running("analyzing", 40.0),
        WriteProgress("analyzing", 66.0, 0),
    ),
    (
        "progress never goes back within a stage",
        job("processing", "analyzing", age=5, progress=70),
        Running("analyzing", 10.0),
        Nothing(),
    ),
    (
        "nor does the stage",
        job("processing", "analyzing", age=5, progress=70),
        Running("downloading", 90.0),
        Nothing(),
    ),
    (
        "a row that an older bridge wrote keeps its progress until the job has caught up",
        job("processing", "downloading", progress=80),
        Running("analyzing", 10.0),
        WriteProgress("analyzing", 80.0, 0),
    ),
    (
        "a stage that the type does not have leaves the progress as it is",
        job("processing", "downloading", progress=42),
        Running("dubbing", 90.0),
        WriteProgress("dubbing", 42.0, 0),
    ),
    (
        "a retry is written at once",
        job("processing", "analyzing", age=0, progress=70),
        Running("analyzing", 0.0, retries=1),
        WriteProgress("analyzing", 70.0, 1),
    ),
    (
        "a quiet row is not touched early",
        job("processing", "analyzing", age=29, progress=50),
        Running("analyzing"),
        Nothing(),
    ),
    (
        "and touched in time",
        job("processing", "analyzing", age=30, progress=50),
        Running("analyzing"),
        WriteProgress("analyzing", 50.0, 0),
    ),
    (
        "a workflow that says no stage keeps the row's",
        job("processing", "queued", age=30),
        Running(),
        WriteProgress("queued", 0.0, 0),
    ),
    ("a complete row is at its last stage", job("processing", "queued"), Completed("1"), Complete("1", "finalizing")),
    (
        "also where the memo knows an earlier one",
        job("processing", "finalizing"),
        Completed("1", "downloading"),
        Complete("1", "finalizing"),
    ),
    ("failure", job("processing", "analyzing"), Failed("why", "kind"), Fail("why", "kind")),
    ("says where", job("processing", "queued"), Failed("why", "kind", "analyzing"), Fail("why", "kind", "analyzing")),
    ("a cancel made in Temporal", job("processing", "analyzing"), Cancelled(), RecordCancel()),
    ("a cancel asked for while running", job("cancelled", "analyzing"), Running("analyzing"), CancelWorkflow()),
    ("is acknowledged when closed", job("cancelled", "analyzing"), Cancelled(), AcknowledgeCancel()),
    ("however it closed", job("cancelled", "analyzing"), Completed("{}"), AcknowledgeCancel()),
    ("or failed", job("cancelled", "analyzing"), Failed("why", "kind"), AcknowledgeCancel()),
    ("without a workflow the id is taken first", job("cancelled", "queued"), Missing(), ReserveId()),
    ("an acknowledged cancel needs nothing", job("cancelled"), Missing(), Nothing()),
    ("nor when closed", job("cancelled"), Cancelled(), Nothing()),
    ("but nothing may run for it", job("cancelled"), Running(), CancelWorkflow()),
    ("nor for a failed row", job("failed", "analyzing"), Running(), CancelWorkflow()),
    ("nor for a complete one", job("complete", "finalizing"), Running(), CancelWorkflow()),
    ("final rows stay", job("complete", "finalizing"), Failed("why", "kind"), Nothing()),
    ("final rows stay, failed", job("failed", "analyzing"), Completed("{}"), Nothing()),
]


@pytest.mark.parametrize(("row", "seen", "action"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_decision(row: Job, seen: WorkflowView, action: Action) -> None:
    assert decide(row, seen, NOW, RULES) == action


def test_a_claim_of_our_own_gets_its_workflow_at_once() -> None:
    assert decide(job("processing", "queued", age=0), Missing(), NOW, RULES, claimed=True) == Start()


def test_a_time_nobody_can_read_is_not_reaped() -> None:
    row = replace(job("processing", "downloading"), updated_at="yesterday")

    assert decide(row, Missing(), NOW, RULES) == Nothing()


def test_sqlite_times_without_a_zone_count_as_utc() -> None:
    row = replace(job("processing", "downloading"), updated_at="2026-01-31 11:58:00")

    assert decide(row, Missing(), NOW, RULES) == Reap(LOST_ERROR)


def test_a_type_without_a_timeout_of_its_own_has_the_default() -> None:
    row = replace(job("processing", "downloading", age=599), type="transcribe")

    assert decide(row, Missing(), NOW, RULES) == Nothing()
    assert decide(row, Missing(), NOW + timedelta(seconds=2), RULES) == Reap(LOST_ERROR)


@pytest.mark.parametrize(
    ("seen", "action"),
    [
        (Running("listening", 72), WriteProgress("listening", 72, 0)),
        (Running("speaking", 42), WriteProgress("speaking", 60, 0)),
        (Completed("1", "speaking"), Complete("1", "speaking")),
    ],
    ids=[
        "a type without stages: its workflow's progress is the whole job's",
        "a type without stages: progress never goes back",
        "a type without stages: a complete row is where the workflow ended",
    ],
)
def test_a_type_without_stages(seen: WorkflowView, action: Action) -> None:
    row = replace(job("processing", "listening", age=5, progress=60), type="transcribe")

    assert decide(row, seen, NOW, RULES) == action
