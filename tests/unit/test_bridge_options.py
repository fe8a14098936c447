"""Limits of jobs by type: the settings' for audioprep's own, an installed type's own, and those of every other."""

from datetime import timedelta

import pytest

from audioprep import bridge_options
from audioprep.jobs.payload import AnyPayload
from audioprep.jobs.registry import JOB_TYPES, JobLimits, JobType
from audioprep.settings import Settings

OWN = JobLimits(timeout=timedelta(hours=2), max_attempts=9)
INSTALLED = [
    JobType("transcribe", "Transcribe", AnyPayload, limits=OWN),
    JobType("copy", "Copy", AnyPayload),  # also the name of a method of every model
]


@pytest.mark.parametrize(
    ("name", "seconds", "attempts"),
    [
        ("ingest", 77, 3),
        ("preview", 300, 5),
        ("edit", 300, 5),
        ("transcribe", 7200, 9),
        ("copy", 600, 3),
        ("no", 600, 3),
    ],
)
def test_limits_of_a_type(monkeypatch: pytest.MonkeyPatch, name: str, seconds: float, attempts: int) -> None:
    monkeypatch.setenv("AUDIOPREP_TIMEOUT_INGEST", "77")
    monkeypatch.setenv("AUDIOPREP_ATTEMPTS_PREVIEW", "5")
    monkeypatch.setattr(bridge_options, "installed_job_types", lambda: JOB_TYPES.with_more(INSTALLED))

    limits = bridge_options.bridge_options(Settings()).limits.of(name)

    assert (limits.timeout.total_seconds(), limits.max_attempts) == (seconds, attempts)
