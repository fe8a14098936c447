"""What we add to Temporal's own variables."""

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings

from audioprep.payload_keys import parse_keys
from audioprep.settings.names import OURS


class TemporalSettings(BaseSettings):
    """Temporal's own variables (TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TEMPORAL_API_KEY ...) are read by its SDK."""

    model_config = OURS

    task_queue: str = Field("audioprep", min_length=1, description="task queue of workflows and activities")
    payload_key: SecretStr | None = Field(
        None, description="base64 of 32 bytes that encrypt what Temporal keeps; more after commas, to read older ones"
    )

    @field_validator("payload_key")
    @classmethod
    def _keys_are_keys(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and value.get_secret_value():
            parse_keys(value.get_secret_value())
        return value

    @property
    def payload_keys(self) -> tuple[bytes, ...]:
        """The first encrypts, all decrypt; none: nothing is encrypted."""
        text = self.payload_key.get_secret_value() if self.payload_key else ""
        return parse_keys(text) if text else ()
