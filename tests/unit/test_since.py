"""Moments as people type them."""

from datetime import UTC, datetime, timedelta

import pytest

from audioprep.cli.views.since import moment_from

NOW = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("typed", "moment"),
    [
        ("90s", NOW - timedelta(seconds=90)),
        ("30m", NOW - timedelta(minutes=30)),
        ("2h", NOW - timedelta(hours=2)),
        (" 1D ", NOW - timedelta(days=1)),
        ("2w", NOW - timedelta(weeks=2)),
        ("2026-01-30", datetime(2026, 1, 30, tzinfo=UTC)),
        ("2026-01-30T10:00:00Z", datetime(2026, 1, 30, 10, tzinfo=UTC)),
        ("2026-01-30T10:00:00+02:00", datetime(2026, 1, 30, 8, tzinfo=UTC)),
    ],
)
def test_a_moment_is_a_length_ago_or_a_time(typed: str, moment: datetime) -> None:
    assert moment_from(typed, NOW) == moment


@pytest.mark.parametrize("typed", ["yesterday", "2y", "-1h", "99999999999d", "2026-13-01"])
def test_what_is_no_time_is_told_what_to_type(typed: str) -> None:
    with pytest.raises(ValueError, match="type 30m, 2h, 1d, or 2026-01-31T12:00:00Z"):
        moment_from(typed, NOW)
