"""Polling with back-off: an iterator over the states of a job."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace

from audioprep_client.job import Job


class WaitTimeout(Exception):
    """The job had not ended when the time of the wait was up; it goes on all the same."""


def poll(
    read: Callable[[], Job | None],
    done: Callable[[Job], bool],
    *,
    first: float,
    longest: float,
    timeout: float | None,
) -> Iterator[Job]:
    """Poll until `done`, yield what changed. Pauses in seconds: `first` after a new status or stage, then longer."""
    deadline = None if timeout is None else time.monotonic() + timeout
    pause, polls = first, 0
    shown: tuple[str, str | None, float] | None = None
    while (job := read()) is not None:
        polls += 1
        if (state := (job.status, job.stage, job.progress)) != shown:
            yield replace(job, polls=polls)
        if done(job):
            return
        pause = first if shown is None or state[:2] != shown[:2] else min(pause * 1.5, longest)
        shown = state
        left = pause if deadline is None else deadline - time.monotonic()
        if left <= 0:
            raise WaitTimeout(f"Job {job.id} has not ended in {timeout:g} s; it is {job.status}.")
        time.sleep(min(pause, left))
