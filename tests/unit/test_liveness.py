"""What bridges say of themselves: when it is written, and what programs make of it."""

from datetime import UTC, datetime, timedelta

import pytest

from audioprep.bridge.services.liveness import Written, is_due
from audioprep.bridge.store.service import BridgeReport, ServiceStatus
from audioprep.bridge.tracking.durations import Durations
from audioprep.cli.views.forecast import Forecast, service_line
from audioprep.jobs.job import Job
from audioprep.jobs.status import JobStatus
from audioprep.jobs.timestamps import utc_now

NOW = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
LATER = datetime(2100, 1, 1, tzinfo=UTC)  # a report that is not old, whenever the test runs
REPORT = BridgeReport(workers=2, in_flight=1, slots=4, median_seconds={"save": 20.0})
BUSY = BridgeReport(workers=2, in_flight=2, slots=4, median_seconds={"save": 20.0})


@pytest.mark.parametrize(
    ("report", "last", "due"),
    [
        (REPORT, None, True),
        (REPORT, Written(REPORT, NOW - timedelta(seconds=59)), False),
        (REPORT, Written(REPORT, NOW - timedelta(seconds=60)), True),
        (BUSY, Written(REPORT, NOW - timedelta(seconds=15)), True),
    ],
    ids=["first: written", "unchanged: not written", "unchanged for a minute: written", "changed: written"],
)
def test_a_report_is_written_when_it_says_something(report: BridgeReport, last: Written | None, due: bool) -> None:
    assert is_due(report, last, NOW) is due


def test_the_median_is_that_of_the_last_hundred() -> None:
    durations = Durations()
    durations.seed({"save": 7.0, "ingest": 3.0})
    for seconds in [*[1000.0] * 50, *[2.04] * 51, *[30.6] * 49]:
        durations.add("save", seconds)

    assert durations.medians() == {"save": 2.0, "ingest": 3.0}


@pytest.mark.parametrize(
    ("status", "ahead", "seconds"),
    [
        (ServiceStatus(1, 2, 0, 4, {"save": 20.0}), 0, 20.0),
        (ServiceStatus(1, 2, 4, 4, {"save": 20.0}), 9, 60.0),
        (ServiceStatus(1, 2, 4, 4, {}), 9, None),
        (ServiceStatus(1, 0, 4, 4, {"save": 20.0}), 9, None),
        (ServiceStatus(1, None, 4, 4, {"save": 20.0}), 9, None),
        (ServiceStatus(0, None, 0, 0, {"save": 20.0}), 0, None),
    ],
    ids=[
        "nothing ahead: one job's time",
        "nine ahead, four at once: three rounds",
        "no job of this type yet: unknown",
        "no worker: unknown",
        "Temporal is away: unknown",
        "no bridge: unknown",
    ],
)
def test_a_job_that_waits_has_an_estimate(status: ServiceStatus, ahead: int, seconds: float | None) -> None:
    assert status.wait_for("save", ahead) == seconds


@pytest.mark.parametrize(
    ("status", "line"),
    [
        (ServiceStatus(1, 2, 1, 4, {}, LATER), "1 bridge, 2 workers, 1 of 4 slots in use"),
        (ServiceStatus(2, None, 0, 8, {}, LATER), "2 bridges, workers unknown, 0 of 8 slots in use"),
        (ServiceStatus(0, None, 0, 0, {}, None), ""),
    ],
    ids=["one bridge", "Temporal is away", "no bridge ever"],
)
def test_the_service_in_one_line(status: ServiceStatus, line: str) -> None:
    assert service_line(status) == line


def test_a_service_that_has_stopped_says_since_when() -> None:
    assert service_line(ServiceStatus(0, None, 0, 0, {}, NOW)).startswith("no bridge is running: the last one reported")


def test_an_old_report_says_of_when_it_is() -> None:
    """As in one of many databases, where it is written every half an hour."""
    seen = utc_now() - timedelta(minutes=40, seconds=30)

    assert (
        service_line(ServiceStatus(1, 2, 1, 4, {}, seen)) == "1 bridge, 2 workers, 1 of 4 slots in use, as of 40m ago"
    )


class StillTable:
    """A liveness table that always says the same."""

    def __init__(self, status: ServiceStatus | None) -> None:
        self._status = status

    async def read(self, now: datetime) -> ServiceStatus | None:
        return self._status

    async def ahead(self, created_at: str) -> int:
        return 4


@pytest.mark.parametrize(
    ("status", "hint"),
    [
        (ServiceStatus(1, 2, 4, 4, {"save": 20.0}, NOW), "about 40 s"),
        (ServiceStatus(1, 2, 4, 4, {"save": 200.0}, NOW), "about 7 min"),
        (ServiceStatus(1, 0, 4, 4, {"save": 20.0}, LATER), "no worker is running"),
        (ServiceStatus(1, 0, 4, 4, {"save": 20.0}, NOW), ""),
        (ServiceStatus(0, None, 0, 0, {"save": 20.0}, NOW), "no bridge is running"),
        (ServiceStatus(0, None, 0, 0, {}, None), ""),
        (None, ""),
    ],
    ids=[
        "an estimate",
        "a long estimate",
        "no worker",
        "no worker long ago",
        "no bridge",
        "no bridge ever",
        "no table",
    ],
)
async def test_a_job_that_waits_has_a_hint(status: ServiceStatus | None, hint: str) -> None:
    forecast = Forecast(StillTable(status))  # type: ignore[arg-type]
    waiting, running = (
        Job("j", "save", JobStatus(word), 0, None, None, None, None, 0, "2026", "2026")
        for word in ("pending", "processing")
    )

    await forecast.update([waiting])

    assert (forecast.hint(waiting), forecast.hint(running)) == (hint, "")
