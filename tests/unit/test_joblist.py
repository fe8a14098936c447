"""Ids and ages in a list of jobs."""

from datetime import UTC, datetime, timedelta

import pytest

from audioprep.cli.views.joblist import age, short_ids
from audioprep.jobs.timestamps import to_text

NOW = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0s"), (59, "59s"), (60, "1m"), (3_599, "59m"), (7_300, "2h"), (90_000, "1d"), (-90, "in 1m")],
)
def test_an_age_is_told_in_its_largest_unit(seconds: int, text: str) -> None:
    assert age(to_text(NOW - timedelta(seconds=seconds)), NOW) == text


def test_the_age_of_what_is_no_time_is_unknown() -> None:
    assert age("yesterday", NOW) == "?"


@pytest.mark.parametrize(
    ("ids", "shown"),
    [
        (["70f4d2a4-8833", "8f4d2a41-8833"], ["70f4d2a4", "8f4d2a41"]),
        (["order-2026-0017", "order-2026-0018"], ["order-2026-0017", "order-2026-0018"]),
        (["abcdefghijk", "abcdefghijklm"], ["abcdefghijk", "abcdefghijkl"]),
        (["x"], ["x"]),
    ],
    ids=["eight characters", "as many as tell them apart", "one begins with the other", "short"],
)
def test_an_id_is_as_short_as_its_neighbours_allow(ids: list[str], shown: list[str]) -> None:
    assert list(short_ids(ids).values()) == shown
