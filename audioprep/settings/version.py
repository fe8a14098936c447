"""Worker versioning."""

from typing import Self

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings

from audioprep.settings.names import OURS


class VersionSettings(BaseSettings):
    """Which version of the worker this is, for Temporal's worker versioning. Both, or neither."""

    model_config = OURS

    deployment: str | None = Field(None, description="name of the worker deployment")
    build_id: str | None = Field(None, description="version within the deployment")

    @model_validator(mode="after")
    def _version_is_whole(self) -> Self:
        if (self.deployment is None) != (self.build_id is None):
            raise ValueError("AUDIOPREP_DEPLOYMENT and AUDIOPREP_BUILD_ID go together")
        return self
