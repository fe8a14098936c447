"""What we add to Temporal's own variables."""

from typing import Self

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings

from audioprep.encryption.payload_keys import parse_keys
from audioprep.settings.names import OURS


class TemporalSettings(BaseSettings):
    """Temporal's own variables (TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TEMPORAL_API_KEY ...) are read by its SDK."""

    model_config = OURS

    task_queue: str = Field("audioprep", min_length=1, description="task queue of workflows and activities")
    payload_key: SecretStr | None = Field(
        None, description="base64 of 32 bytes that encrypt what Temporal keeps; more after commas, to read older ones"
    )

    encrypted_only: bool = Field(False, description="refuse payloads in clear; for when all histories are encrypted")

    @field_validator("payload_key")
    @classmethod
    def _keys_are_keys(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and value.get_secret_value():
            parse_keys(value.get_secret_value())
        return value

    @model_validator(mode="after")
    def _only_encrypted_needs_a_key(self) -> Self:
        if self.encrypted_only and not self.payload_keys:
            raise ValueError("AUDIOPREP_ENCRYPTED_ONLY needs AUDIOPREP_PAYLOAD_KEY")
        return self

    @property
    def payload_keys(self) -> tuple[bytes, ...]:
        """The first encrypts, all decrypt; none: nothing is encrypted."""
        text = self.payload_key.get_secret_value() if self.payload_key else ""
        return parse_keys(text) if text else ()
