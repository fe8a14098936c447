"""The least rate of a download: when it is given up, and when it is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audioprep.activities.attempt.transfer_rate import RateWindow
from audioprep.activities.download.proxy_request import SILENCE, ProxyStats

NEEDED, WINDOW, SLOT = 60_000, 60.0, 1.0


def test_half_the_rate_ends_with_the_first_window() -> None:
    rate = RateWindow(NEEDED, WINDOW, now=100.0)

    for second in range(60):
        rate.add(500, 100.0 + second)

    assert rate.deadline == 160.0


def test_a_burst_counts_for_one_window() -> None:
    rate = RateWindow(NEEDED, WINDOW, now=0.0)

    rate.add(10_000_000, 200.0)

    assert rate.deadline == pytest.approx(200.0 + WINDOW, abs=SLOT)


def test_a_steady_rate_is_never_too_slow() -> None:
    rate = RateWindow(NEEDED, WINDOW, now=0.0)

    for second in range(600):
        assert rate.deadline is not None
        assert second <= rate.deadline
        rate.add(1_100, second)


def test_without_a_least_rate_there_is_no_deadline() -> None:
    rate = RateWindow(0, WINDOW, now=0.0)
    for second in range(1000):
        rate.add(1, second)

    assert rate.deadline is None


@given(st.lists(st.tuples(st.floats(0, 30), st.integers(0, 100_000)), max_size=60))
def test_the_deadline_is_that_of_a_sliding_window(arrivals: list[tuple[float, int]]) -> None:
    rate = RateWindow(NEEDED, WINDOW, now=0.0)
    times, now = [], 0.0
    for pause, count in arrivals:
        now += pause
        times.append((now, count))
        rate.add(count, now)

    enough = [at for at, _ in times if sum(count for when, count in times if when >= at) >= NEEDED]
    expected = max(enough) + WINDOW if enough else WINDOW
    assert rate.deadline == pytest.approx(expected, abs=SLOT)


def test_a_run_is_not_judged_while_no_bytes_pass() -> None:
    traffic = ProxyStats(1 << 30, RateWindow(NEEDED, WINDOW, now=0.0))
    traffic.sent(0.0)
    traffic.came(1000, "a.example", 1.0)

    traffic.sent(1000.0)
    traffic.came(1000, "a.example", 1001.0)

    assert not traffic.over


def test_many_small_answers_do_not_restart_the_watch() -> None:
    traffic = ProxyStats(1 << 30, RateWindow(NEEDED, WINDOW, now=0.0))

    for visit in range(10):
        traffic.sent(visit * SILENCE)
        traffic.came(1000, "a.example", visit * SILENCE + 1)

    assert traffic.slow == "a.example"
