"""Settings of the breaker: when bridges pause a source by themselves."""

from datetime import timedelta
from typing import Self

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from audioprep.bridge.store.queue.circuit import BreakerRules


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
