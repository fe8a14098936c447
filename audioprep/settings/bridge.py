"""Settings of a bridge: its pace, its concurrency, and the limits of jobs by type."""

import json
from datetime import timedelta
from typing import Annotated, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from audioprep.bridge.store.queue.circuit import BreakerRules
from audioprep.jobs.registry import JOB_TYPES
from audioprep.jobs.routes import served
from audioprep.settings.names import OURS


class BridgeSettings(BaseSettings):
    """How often the bridge looks, and how much it takes on."""

    model_config = OURS

    poll_interval: float = Field(3.0, gt=0, description="seconds between two looks at an idle table")
    busy_interval: float = Field(0.5, gt=0, description="seconds between two looks while jobs are in flight")
    sweep_interval: float = Field(15.0, gt=0, description="seconds between two looks at all rows being processed")
    redrive_after: float = Field(
        15.0, gt=0, description="seconds before a claimed row without a workflow is taken over"
    )
    orphans_interval: float = Field(
        60.0, gt=0, description="seconds between two searches for workflows without a live row"
    )
    orphans_patience: float = Field(
        60.0, ge=0, description="seconds that a row is missing before its workflow is cancelled"
    )
    types: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), description="words of the `type` column that are served, comma-separated; empty for all known ones"
    )
    routes: Annotated[dict[str, str], NoDecode] = Field(
        default_factory=dict, description="JSON of types carried as they are: {type: Workflow@task-queue}"
    )
    max_in_flight: int = Field(4, ge=1, description="jobs claimed and not finished, at most, but for downloads")
    max_downloads: int = Field(50, ge=0, description="jobs that download or wait for a site, at most, on top of these")
    max_looks: int = Field(20, ge=1, description="jobs looked at in the same moment, at most")
    temporal_calls: int = Field(20, ge=1, description="requests to Temporal under way, at most")
    describes_per_second: float = Field(
        50.0, gt=0, description="looks at running workflows, at most, however many there are"
    )
    database_calls: int = Field(8, ge=1, description="requests to the database under way, at most; more wait")
    liveness_interval: float = Field(
        15.0,
        ge=0,
        description="seconds between two writes of the bridge's row in audio_prep_service, at least; 0: none",
    )
    retry_first_delay: float = Field(1.0, gt=0, description="seconds before the second try of a step; then doubled")
    retry_last_delay: float = Field(60.0, gt=0, description="seconds between two tries, at most")

    @field_validator("routes", mode="before")
    @classmethod
    def _routes_are_json(cls, value: object) -> object:
        try:
            return json.loads(value or "{}") if isinstance(value, str) else value
        except ValueError:
            raise ValueError('expected JSON such as {"transcribe": "TranscribeWorkflow@queue"}') from None

    @field_validator("routes")
    @classmethod
    def _routes_lead_somewhere(cls, value: dict[str, str], info: ValidationInfo) -> dict[str, str]:
        ours = [word for word in info.data.get("types", ()) if word in JOB_TYPES.names]
        if ours or not info.data.get("types"):
            served(JOB_TYPES, ours, value)
        return value

    @field_validator("types", mode="before")
    @classmethod
    def _types_are_listed(cls, value: object) -> object:
        return tuple(word.strip() for word in value.split(",") if word.strip()) if isinstance(value, str) else value


class TimeoutSettings(BaseSettings):
    """Seconds a job may take, by type."""

    model_config = SettingsConfigDict(env_prefix="AUDIOPREP_TIMEOUT_", frozen=True)

    ingest: float = Field(600, gt=0, description="seconds")
    preview: float = Field(300, gt=0, description="seconds")
    save: float = Field(900, gt=0, description="seconds")
    playlist: float = Field(3600, gt=0, description="seconds, for all entries together")
    delete: float = Field(600, gt=0, description="seconds, for all assets together")
    default: float = Field(600, gt=0, description="seconds, for every other type")


class AttemptSettings(BaseSettings):
    """Tries of one step before its job fails, by type."""

    model_config = SettingsConfigDict(env_prefix="AUDIOPREP_ATTEMPTS_", frozen=True)

    ingest: int = Field(3, ge=1, description="tries")
    preview: int = Field(3, ge=1, description="tries")
    save: int = Field(3, ge=1, description="tries")
    playlist: int = Field(3, ge=1, description="tries; each entry has as many")
    delete: int = Field(5, ge=1, description="tries")
    default: int = Field(3, ge=1, description="tries, for every other type")


class BreakerSettings(BaseSettings):
    """When a source (`youtube`) is paused by itself: never, by default. The same for all bridges of a table."""

    model_config = SettingsConfigDict(env_prefix="AUDIOPREP_BREAKER_", frozen=True)

    refusals: int = Field(
        0, ge=0, le=1000, description="jobs failed with BotCheck or SiteLimit that pause their source; 0: never"
    )
    window: float = Field(600.0, gt=0, le=86_400, description="seconds within which they count")
    pause: float = Field(1800.0, gt=0, le=86_400, description="seconds of a pause, after which one row tries")
    max_pause: float = Field(
        21_600.0, gt=0, le=604_800, description="seconds; a pause doubles with each row refused, up to this"
    )

    @model_validator(mode="after")
    def _the_longest_is_longest(self) -> Self:
        if self.max_pause < self.pause:
            raise ValueError("AUDIOPREP_BREAKER_MAX_PAUSE is shorter than AUDIOPREP_BREAKER_PAUSE")
        return self

    @property
    def rules(self) -> BreakerRules:
        seconds = (self.window, self.pause, self.max_pause)
        return BreakerRules(self.refusals, *(timedelta(seconds=each) for each in seconds))
