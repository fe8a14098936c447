"""Settings of a deployment: database, Temporal, storage, build."""

from pathlib import Path
from typing import Self

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from audioprep.bridge.database.database_url import redacted_url
from audioprep.encryption.payload_keys import parse_keys
from audioprep.jobs.keys import ASSETS
from audioprep.settings.names import OURS


class DatabaseSettings(BaseSettings):
    """Where the jobs table is."""

    model_config = SettingsConfigDict(env_prefix="TURSO_", frozen=True)

    database_url: str = Field("file:./.audioprep/jobs.db", description="file:, libsql:, https: or http: URL")
    auth_token: SecretStr | None = Field(None, description="token of the database")

    @property
    def redacted_url(self) -> str:
        """The URL without what may be secret in it."""
        return redacted_url(self.database_url)

    @property
    def token(self) -> str | None:
        return self.auth_token.get_secret_value() if self.auth_token else None


class TemporalSettings(BaseSettings):
    """Temporal's own variables (TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TEMPORAL_API_KEY ...) are read by its SDK."""

    model_config = OURS

    task_queue: str = Field("audioprep", min_length=1, description="task queue of workflows and activities")
    payload_key: SecretStr | None = Field(
        None, description="base64 of 32 bytes that encrypt what Temporal keeps; more after commas, to read older ones"
    )

    temporal_ui: str = Field(
        "", description="URL of Temporal's UI, for links to jobs; empty: Temporal Cloud's, or that of the dev stack"
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


class StorageSettings(BaseSettings):
    """Where files are kept, and where a worker works on them."""

    model_config = OURS

    storage_url: str = Field("file:./.audioprep/storage", description="file:PATH or s3://bucket/prefix (and AWS_*)")
    work_dir: Path = Field(Path(".audioprep/work"), description="folder for scratch files and the cache")
    cache_mb: int = Field(1024, ge=0, description="MB of downloaded objects kept on disk")
    uploads_prefix: str = Field(
        "", description="folders that uploads are taken from, separated by commas, e.g. uploads/; empty for any key"
    )

    @field_validator("uploads_prefix")
    @classmethod
    def _not_among_assets(cls, value: str) -> str:
        if any(folder.startswith(ASSETS) for folder in _folders(value)):
            raise ValueError(f"uploads cannot lie below {ASSETS}, where assets are")
        return value

    @property
    def upload_folders(self) -> tuple[str, ...]:
        """Each with a slash at its end, so that `uploads` does not stand for `uploads-of-others`."""
        return _folders(self.uploads_prefix)


def _folders(text: str) -> tuple[str, ...]:
    names = (name.strip().strip("/") for name in text.split(","))
    return tuple(f"{name}/" for name in names if name)


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
