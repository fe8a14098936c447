"""Settings of deployments with tenants: fairness between them."""

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings

from audioprep.settings.names import OURS


class TenantSettings(BaseSettings):
    """How jobs with `metadata.tenant` share a bridge and the workers."""

    model_config = OURS

    fair_window: int = Field(
        200, ge=1, description="tenants that one claim looks at, at most; of more of them each comes in turn"
    )
    max_per_tenant: int | None = Field(
        None, ge=1, description="jobs of one tenant that are processed at once, at most; empty for no limit"
    )
    temporal_fairness: bool = Field(
        False, description="give steps the tenant as fairness key; Temporal Cloud bills fairness"
    )

    @field_validator("max_per_tenant", mode="before")
    @classmethod
    def _empty_is_none(cls, value: object) -> object:
        return None if value == "" else value
