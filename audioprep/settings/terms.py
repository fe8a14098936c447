"""What a job may take, by type: AUDIOPREP_TIMEOUT_*, AUDIOPREP_ATTEMPTS_*."""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class TimeoutSettings(BaseSettings):
    """Seconds a job may take, by type."""

    model_config = SettingsConfigDict(env_prefix="AUDIOPREP_TIMEOUT_", frozen=True)

    ingest: float = Field(600, gt=0, description="seconds")
    preview: float = Field(300, gt=0, description="seconds")
    save: float = Field(900, gt=0, description="seconds")
    playlist: float = Field(3600, gt=0, description="seconds, for all entries together")
    default: float = Field(600, gt=0, description="seconds, for every other type")


class AttemptSettings(BaseSettings):
    """Tries of one step before its job fails, by type."""

    model_config = SettingsConfigDict(env_prefix="AUDIOPREP_ATTEMPTS_", frozen=True)

    ingest: int = Field(3, ge=1, description="tries")
    preview: int = Field(3, ge=1, description="tries")
    save: int = Field(3, ge=1, description="tries")
    playlist: int = Field(3, ge=1, description="tries; each entry has as many")
    default: int = Field(3, ge=1, description="tries, for every other type")
