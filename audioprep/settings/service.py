"""Settings of every role: HTTP server, log, traces."""

from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

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
    status_password: SecretStr | None = Field(
        None, min_length=8, description="password of the bridge's status page at /status; none: no page"
    )


class LogSettings(BaseSettings):
    """How events are printed."""

    model_config = OURS

    log_format: Literal["console", "json"] = Field("console", description="console or json")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="least severe event printed")


class TracingSettings(BaseSettings):
    """https://opentelemetry.io/docs/specs/otel/protocol/exporter/; the SDK reads these and their relatives itself."""

    model_config = SettingsConfigDict(env_prefix="OTEL_", frozen=True)

    exporter_otlp_endpoint: str = Field("", description="URL of a collector; none: no traces")
    exporter_otlp_traces_endpoint: str = Field("", description="the same, for traces alone")
    exporter_otlp_protocol: Literal["http/protobuf", ""] = Field("", description="http/protobuf is the one we speak")
    traces_exporter: Literal["otlp", "none", ""] = Field("", description="none: no traces")
    sdk_disabled: bool = Field(False, description="true: no traces")

    @property
    def wanted(self) -> bool:
        """Without an endpoint there is nobody to tell."""
        has_endpoint = bool(self.exporter_otlp_endpoint or self.exporter_otlp_traces_endpoint)
        return has_endpoint and not self.sdk_disabled and self.traces_exporter != "none"
