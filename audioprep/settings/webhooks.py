"""Settings of webhooks: where they go, how they are signed, and for which jobs."""

from typing import Annotated, Self

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from audioprep.jobs.errors import PermanentError
from audioprep.jobs.status import FINAL_STATUSES, JobStatus
from audioprep.jobs.text.urls import parse_url
from audioprep.jobs.webhooks.signature import parse_secrets


class WebhookSettings(BaseSettings):
    """Without a URL there are no webhooks, and nothing is written. Bridges and workers need both URL and secret."""

    model_config = SettingsConfigDict(env_prefix="AUDIOPREP_WEBHOOK_", frozen=True)

    url: SecretStr | None = Field(None, description="URL that ends of jobs are posted to; none: no webhooks")
    secret: SecretStr | None = Field(
        None, description="whsec_ and the base64 of 24 to 64 bytes, which sign; two with a comma between while rotating"
    )
    types: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="job types that have webhooks, separated by commas; empty for all that are served"
    )
    events: Annotated[tuple[JobStatus, ...], NoDecode] = Field(
        (), description="ends that have webhooks: complete, failed, cancelled, separated by commas; empty for all"
    )
    allow_private: bool = Field(False, description="let webhooks reach private addresses, such as a private network's")

    @field_validator("url")
    @classmethod
    def _url_is_one(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None or not value.get_secret_value():
            return None
        try:
            parse_url(value.get_secret_value())
        except PermanentError as error:
            raise ValueError(error.message) from None
        return value

    @field_validator("secret")
    @classmethod
    def _secrets_are_secrets(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            parse_secrets(value.get_secret_value())
        return value

    @field_validator("types", "events", mode="before")
    @classmethod
    def _words_are_listed(cls, value: object) -> object:
        return tuple(word.strip() for word in value.split(",") if word.strip()) if isinstance(value, str) else value

    @field_validator("events")
    @classmethod
    def _events_are_ends(cls, value: tuple[JobStatus, ...]) -> tuple[JobStatus, ...]:
        if set(value) - FINAL_STATUSES:
            raise ValueError("expected some of complete, failed, cancelled")
        return value

    @model_validator(mode="after")
    def _url_needs_a_secret(self) -> Self:
        if self.url and not self.secrets:
            raise ValueError("AUDIOPREP_WEBHOOK_URL needs AUDIOPREP_WEBHOOK_SECRET")
        return self

    @property
    def secrets(self) -> tuple[bytes, ...]:
        """All of them sign."""
        return parse_secrets(self.secret.get_secret_value()) if self.secret else ()

    @property
    def statuses(self) -> frozenset[JobStatus]:
        """The ends that have webhooks."""
        return frozenset(self.events) or FINAL_STATUSES
