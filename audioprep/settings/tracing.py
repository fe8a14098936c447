"""Whether traces are wanted: OpenTelemetry's own variables, as its SDK reads them."""

from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


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
