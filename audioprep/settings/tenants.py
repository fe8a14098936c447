"""Settings of deployments with tenants: fairness between them in one table, or a database for each."""

from pathlib import Path
from typing import Self

from pydantic import Field, field_validator, model_validator
from pydantic_settings import BaseSettings

from audioprep.bridge.fleet.databases import Shard
from audioprep.settings.names import OURS


class DatabasesSettings(BaseSettings):
    """One bridge for many databases, instead of the one of TURSO_DATABASE_URL."""

    model_config = OURS

    databases: Path | None = Field(
        None, description="file with a line for each database: its URL, then name=, token= and prefix= if wanted"
    )
    databases_command: str = Field(
        "", description="command that prints such lines, run without a shell; instead of the file"
    )
    databases_refresh: float = Field(60.0, gt=0, description="seconds between two runs of the command")
    idle_max: float = Field(60.0, gt=0, description="seconds between two polls of an idle database, at most")
    shard: str = Field("", description="the part of the databases that this bridge serves, as 1/4; empty for all")

    @field_validator("databases", mode="before")
    @classmethod
    def _empty_is_none(cls, value: object) -> object:
        return None if value == "" else value

    @field_validator("shard")
    @classmethod
    def _shard_is_one(cls, value: str) -> str:
        Shard.parse(value)
        return value

    @model_validator(mode="after")
    def _one_list(self) -> Self:
        if self.databases is not None and self.databases_command:
            raise ValueError("AUDIOPREP_DATABASES and AUDIOPREP_DATABASES_COMMAND exclude each other")
        return self

    def alone(self) -> Self:
        """Without the list: for one database that is named otherwise."""
        return self.model_copy(update={"databases": None, "databases_command": ""})

    @property
    def are_many(self) -> bool:
        return self.databases is not None or bool(self.databases_command)


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
