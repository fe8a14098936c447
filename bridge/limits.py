"""Limits of jobs by type, as a bridge passes them to workflows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from audioprep.jobs.registry import JobLimits

BACKSTOP: Final = timedelta(hours=1)  # how long a started job may wait for a worker, on top of its own time


@dataclass(frozen=True, slots=True)
class LimitsByType:
    """The limits of each type by its name, and those of every other."""

    by_type: Mapping[str, JobLimits] = field(default_factory=dict)
    default: JobLimits = JobLimits()

    def of(self, job_type: str) -> JobLimits:
        return self.by_type.get(job_type, self.default)
