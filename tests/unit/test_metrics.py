"""What Prometheus is told is what happened."""

from datetime import UTC, datetime

import pytest

from audioprep.bridge.actions import Complete, Fail, Reap, RecordCancel
from audioprep.bridge.metrics import End, Metrics

NOW = datetime(2026, 1, 31, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("action", "labels"),
    [
        (Complete("{}"), 'kind="",outcome="complete"'),
        (Fail("It is gone.", "SourceMissing"), 'kind="SourceMissing",outcome="failed"'),
        (Reap("Lost"), 'kind="Lost",outcome="failed"'),
        (RecordCancel(), 'kind="",outcome="cancelled"'),
    ],
)
def test_every_end_is_counted_under_its_outcome(action: End, labels: str) -> None:
    metrics = Metrics()

    metrics.ended("save", action)

    assert f'audioprep_jobs_ended_total{{{labels},type="save"}} 1.0' in metrics.text().decode()


@pytest.mark.parametrize(
    ("queue", "pending", "oldest"),
    [
        ((0, ""), "0.0", "0.0"),
        ((2, "2026-01-31T11:59:00.000Z"), "2.0", "60.0"),
        ((1, "whenever"), "1.0", "0.0"),
        (None, "NaN", "NaN"),
    ],
)
def test_the_queue_is_told_with_the_age_of_its_oldest_row(
    queue: tuple[int, str] | None, pending: str, oldest: str
) -> None:
    metrics = Metrics()

    metrics.saw_queue(queue, NOW)

    text = metrics.text().decode()
    assert f"audioprep_jobs_pending {pending}\n" in text
    assert f"audioprep_oldest_pending_seconds {oldest}\n" in text
