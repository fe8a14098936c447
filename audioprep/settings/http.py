"""The HTTP server of a process."""

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings

from audioprep.settings.names import OURS


class HttpSettings(BaseSettings):
    """Health and metrics of any role, and waking the bridge."""

    model_config = OURS

    http_host: str = Field("127.0.0.1", description="address it listens on")
    http_port: int | None = Field(None, ge=0, le=65535, description="TCP port, 0 for any that is free; none: no server")
    wake_secret: SecretStr | None = Field(None, description="shared secret that POST /wake must carry")
    metrics_token: SecretStr | None = Field(
        None, description="bearer token for /metrics and the reasons of /healthz; none: only from loopback"
    )
