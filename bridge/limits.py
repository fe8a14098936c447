"""Limits of a job by type: timeout, attempts, and the back-off between them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

BACKSTOP: Final = timedelta(hours=1)  # how long a started job may wait for a worker, on top of its own time


@dataclass(frozen=True, slots=True)
class JobLimits:
    """The terms one job runs under."""

    timeout: timedelta = timedelta(seconds=600)  # for the whole job; also how long a row may stay untouched
    max_attempts: int = 3  # tries of one step
    first_delay: timedelta = timedelta(seconds=1)  # before the second try of a step, then doubled
    last_delay: timedelta = timedelta(seconds=60)  # between two tries, at most


@dataclass(frozen=True, slots=True)
class LimitsByType:
    """The terms of each type, and those of every other."""

    by_type: Mapping[str, JobLimits] = field(default_factory=dict)
    default: JobLimits = JobLimits()

    def of(self, job_type: str) -> JobLimits:
        return self.by_type.get(job_type, self.default)
