"""The estimate of a month's cost: Actions as recorded histories have them, and the published price of heartbeats."""

import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from audioprep.bridge.store.usage import TypeUsage, Usage
from audioprep.cli.views.estimate import (
    ACTIONS,
    ACTIVITIES,
    ENTRY_ACTIONS,
    WEBHOOK_ACTIONS,
    Deployment,
    estimate,
)
from audioprep.settings.prices import PriceSettings

HISTORIES = Path(__file__).parents[1] / "histories"
NOW = datetime(2026, 1, 31, tzinfo=UTC)
# What Temporal Cloud bills of a history: https://docs.temporal.io/cloud/actions
BILLED = {
    "WORKFLOW_EXECUTION_STARTED": 1,
    "START_CHILD_WORKFLOW_EXECUTION_INITIATED": 2,
    "ACTIVITY_TASK_SCHEDULED": 1,
    "TIMER_STARTED": 1,
    "SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED": 1,
}


def billed(name: str) -> int:
    events = json.loads((HISTORIES / f"{name}.json").read_text())["events"]
    counts = Counter(event["eventType"].removeprefix("EVENT_TYPE_") for event in events)
    return sum(BILLED.get(kind, 0) * count for kind, count in counts.items())


def usage_of(*types: TypeUsage) -> Usage:
    return Usage(types, NOW, complete=True)


def ingest(jobs: int, seconds: float = 60.0) -> TypeUsage:
    return TypeUsage("ingest", jobs, seconds, 0.0, 1000 * jobs, 5_000_000 * jobs, 0)


@pytest.mark.parametrize(
    ("history", "actions"),
    [
        ("ingest", ACTIONS["ingest"]),
        ("preview", ACTIONS["preview"]),
        ("save-normalized", ACTIONS["save"]),
        ("webhook", WEBHOOK_ACTIONS),
    ],
)
def test_the_actions_of_a_type_are_those_of_its_history(history: str, actions: int) -> None:
    assert billed(history) == actions


@pytest.mark.parametrize(
    ("history", "job_type"), [("ingest", "ingest"), ("preview", "preview"), ("save-normalized", "save")]
)
def test_each_activity_of_a_type_counts(history: str, job_type: str) -> None:
    text = (HISTORIES / f"{history}.json").read_text()

    assert text.count('"EVENT_TYPE_ACTIVITY_TASK_SCHEDULED"') == ACTIVITIES[job_type]


def test_a_playlist_costs_as_much_as_its_entries() -> None:
    entries = 3
    children = entries * (ENTRY_ACTIONS - BILLED["START_CHILD_WORKFLOW_EXECUTION_INITIATED"])

    assert billed("playlist") + children == ACTIONS["playlist"] + entries * ENTRY_ACTIONS


# 5 Actions, a heartbeat of each of 3 activities, and one every so many seconds; `make bench ONLY=actions` counts them.
@pytest.mark.parametrize(("heartbeat", "dollars"), [(1.0, 34.0), (5.0, 10.0)])
def test_ten_thousand_jobs_of_a_minute_cost_what_the_list_says(heartbeat: float, dollars: float) -> None:
    found = estimate(usage_of(ingest(100)), 30, Deployment(heartbeat, 3.0, 0.0), jobs=10_000)

    assert found.dollars(PriceSettings())["actions"] == pytest.approx(dollars)


def test_a_month_goes_at_the_pace_of_the_history() -> None:
    found = estimate(usage_of(ingest(70)), 7, Deployment(5.0, 3.0, 0.0))

    assert found.types[0].jobs == pytest.approx(300)
    assert found.types[0].object_gb == pytest.approx(1.5)


def test_a_history_of_minutes_counts_as_a_day() -> None:
    assert estimate(usage_of(ingest(10)), 0.001, Deployment(5.0, 3.0, 0.0)).types[0].jobs == pytest.approx(300)


def test_what_bridges_measured_goes_before_what_rows_say() -> None:
    found = estimate(usage_of(ingest(1, 500.0)), 30, Deployment(5.0, 3.0, 0.0, medians={"ingest": 20.0}))

    assert found.types[0].seconds == 20.0


def test_features_that_are_off_cost_nothing() -> None:
    plain = estimate(usage_of(ingest(100)), 30, Deployment(5.0, 3.0, 0.0))
    all_on = estimate(usage_of(ingest(100)), 30, Deployment(5.0, 3.0, 15.0, webhooks=True))

    assert plain.reports == 0
    assert all_on.actions - plain.actions == 200
    assert all_on.rows_written - plain.rows_written == 200 + 30 * 1440
