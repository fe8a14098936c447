"""Settings of retention: how long finished rows and previews are kept."""

from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator, Field
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from audioprep.bridge.store.retention import KeepRules
from audioprep.jobs.status import JobStatus
from audioprep.jobs.timestamps import duration_of


def _duration(value: object) -> object:
    """Text such as `30d`; empty for none."""
    if not isinstance(value, str):
        return value
    if not value.strip():
        return None
    found = duration_of(value)
    if not found:
        raise ValueError("it must be longer than nothing; leave it empty to keep all")
    return found


Age = Annotated[timedelta | None, NoDecode, BeforeValidator(_duration)]


class RetentionSettings(BaseSettings):
    """How long what is finished is kept, by the time of its end. Empty, the default: for ever."""

    model_config = SettingsConfigDict(env_prefix="AUDIOPREP_KEEP_", frozen=True)

    complete: Age = Field(None, description="of rows that are complete, such as 30d; bridges delete older ones")
    failed: Age = Field(None, description="of rows that failed, such as 90d")
    cancelled: Age = Field(None, description="of rows whose cancel is acknowledged, such as 7d")
    previews: Age = Field(None, description="of previews, such as 7d; a save deletes older ones of its asset")

    @property
    def rules(self) -> KeepRules:
        ages = {
            JobStatus.COMPLETE: self.complete,
            JobStatus.FAILED: self.failed,
            JobStatus.CANCELLED: self.cancelled,
        }
        return KeepRules({status: age for status, age in ages.items() if age is not None})
