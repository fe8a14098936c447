"""One bar for the whole job: what a stage's progress is of it, and that what is written never falls."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audioprep.bridge.actions import WriteProgress
from audioprep.bridge.decide import DecideOptions, decide
from audioprep.bridge.views import Running
from audioprep.jobs.job import Job
from audioprep.jobs.progress import whole_progress
from audioprep.jobs.registry import INGEST, JOB_TYPES, JobType
from audioprep.jobs.routes import AnyPayload, route
from audioprep.jobs.status import JobStatus
from audioprep.jobs.timestamps import to_text
from tests.support.processes import ROOT

NAMED = JobType(name="named", workflow="Named", payload=AnyPayload, stages=("fetching", "hearing", "telling", "ending"))
TYPES = JOB_TYPES.with_more([NAMED, route("routed", "Anything")])
RULES = DecideOptions(types=TYPES)
START = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)

percent = st.floats(0, 100).map(lambda value: round(value, 1))
kinds = st.sampled_from(TYPES.names)
words = st.sampled_from([*sorted({word for kind in TYPES for word in kind.stages}), "a word of another program"])
views = st.builds(Running, st.none() | words, percent, st.integers(0, 2))


@pytest.mark.parametrize(
    ("shares", "stage", "within", "whole"),
    [
        ({"a": 1, "b": 3}, "a", 0, 0),
        ({"a": 1, "b": 3}, "a", 100, 25),
        ({"a": 1, "b": 3}, "b", 0, 25),
        ({"a": 1, "b": 3}, "b", 50, 62),
        ({"a": 1, "b": 3}, "b", 100, 100),
        ({"a": 1, "b": 3}, "c", 50, 0),
        ({}, "a", 50, 50),
    ],
    ids=[
        "a job begins with its first stage at 0",
        "a stage that is done has its share",
        "a stage begins where the one before it ended",
        "half of a stage is half of its share",
        "a job ends with its last stage at 100",
        "a stage without a share adds nothing",
        "without shares progress is the whole job's",
    ],
)
def test_progress_of_the_whole_job(shares: dict[str, float], stage: str, within: float, whole: float) -> None:
    assert whole_progress(shares, stage, within) == whole


def test_stages_by_name_alone_have_equal_shares() -> None:
    assert [whole_progress(NAMED.shares, stage, 0) for stage in NAMED.stages] == [0, 25, 50, 75]


@pytest.mark.parametrize("shares", [{"a": 0, "b": 0}, {"a": 2, "b": -1}], ids=["all 0", "negative"])
def test_shares_that_make_no_bar_are_refused(shares: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="'ingest' must not be negative, nor all be 0"):
        replace(INGEST, stages=shares)


def test_the_contract_says_where_each_stage_begins() -> None:
    contract = (ROOT / "docs" / "job-contract.md").read_text("utf-8")

    told = {kind.name: re.search(rf"^\| `{kind.name}`.*\| ([^|]*) \|$", contract, re.MULTILINE) for kind in JOB_TYPES}

    assert {name: found and found[1] for name, found in told.items()} == {
        kind.name: ", ".join(f"{stage} {whole_progress(kind.shares, stage, 0):g}" for stage in kind.stages)
        for kind in JOB_TYPES
    }


@given(kinds, st.none() | words, percent, st.lists(st.tuples(views, st.integers(0, 40)), max_size=20))
def test_written_progress_never_falls(
    kind: str, stage: str | None, progress: float, seen: list[tuple[Running, int]]
) -> None:
    """From any row, as a bridge of any version may have left it."""
    then = to_text(START)
    job = Job("j", kind, JobStatus.PROCESSING, progress, stage, "{}", None, None, 0, then, then)
    rows, now = [job], START
    for view, seconds in seen:
        now += timedelta(seconds=seconds)
        action = decide(rows[-1], view, now, RULES)
        if isinstance(action, WriteProgress):
            written = replace(rows[-1], stage=action.stage, progress=action.progress, retry_count=action.retries)
            rows.append(replace(written, updated_at=to_text(now)))

    order = TYPES.stages_of(kind)
    for before, after in pairwise(rows):
        assert before.progress <= after.progress <= 100
        if before.stage in order and after.stage in order:
            assert order.index(before.stage) <= order.index(after.stage)
