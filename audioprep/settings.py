"""Every setting, with unit and default. Read once at the edge and passed down: nothing else reads the environment."""

from copy import copy
from pathlib import Path
from typing import Literal, Self

from dotenv import load_dotenv
from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from audioprep.jobs.redaction import scrub
from audioprep.payload_keys import parse_keys

_OURS = SettingsConfigDict(env_prefix="AUDIOPREP_", frozen=True)


class SettingsError(Exception):
    """A setting has a value it cannot have. The message names the variable."""


class DatabaseSettings(BaseSettings):
    """Where the jobs table is."""

    model_config = SettingsConfigDict(env_prefix="TURSO_", frozen=True)

    database_url: str = Field("file:./.audioprep/jobs.db", description="file:, libsql:, https: or http: URL")
    auth_token: SecretStr | None = Field(None, description="token of the database")

    @property
    def shown_url(self) -> str:
        """The URL without what may be secret in it."""
        return scrub(self.database_url).split("?")[0]

    @property
    def token(self) -> str | None:
        return self.auth_token.get_secret_value() if self.auth_token else None


class TemporalSettings(BaseSettings):
    """Temporal's own variables (TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TEMPORAL_API_KEY ...) are read by its SDK."""

    model_config = _OURS

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


class StorageSettings(BaseSettings):
    """Where files are kept, and where a worker works on them."""

    model_config = _OURS

    storage_url: str = Field("file:./.audioprep/storage", description="file:PATH or s3://bucket/prefix (and AWS_*)")
    work_dir: Path = Field(Path(".audioprep/work"), description="folder for scratch files and the cache")
    cache_mb: int = Field(1024, ge=0, description="MB of downloaded objects kept on disk")


class BridgeSettings(BaseSettings):
    """How often the bridge looks, and how much it takes on."""

    model_config = _OURS

    poll_interval: float = Field(3.0, gt=0, description="seconds between two looks at an idle table")
    busy_interval: float = Field(0.5, gt=0, description="seconds between two looks while jobs are in flight")
    sweep_interval: float = Field(15.0, gt=0, description="seconds between two looks at all rows being processed")
    redrive_after: float = Field(
        15.0, gt=0, description="seconds before a claimed row without a workflow is taken over"
    )
    strays_interval: float = Field(60.0, gt=0, description="seconds between two looks for workflows without a live row")
    max_in_flight: int = Field(4, ge=1, description="jobs claimed and not finished, at most")
    looks_per_second: float = Field(
        50.0, gt=0, description="looks at running workflows, at most, however many there are"
    )
    follows_per_second: float = Field(
        100.0, gt=0, description="requests for news of running workflows: with more of these, news come later"
    )
    retry_first_delay: float = Field(1.0, gt=0, description="seconds before the second try of a step; then doubled")
    retry_last_delay: float = Field(60.0, gt=0, description="seconds between two tries, at most")


class HttpSettings(BaseSettings):
    """The bridge's HTTP server: health, and waking it."""

    model_config = _OURS

    http_host: str = Field("127.0.0.1", description="address it listens on")
    http_port: int | None = Field(None, ge=0, le=65535, description="TCP port; none: no server")
    wake_secret: SecretStr | None = Field(None, description="shared secret that POST /wake must carry")


class TimeoutSettings(BaseSettings):
    """Seconds a job may take, by type."""

    model_config = SettingsConfigDict(env_prefix="AUDIOPREP_TIMEOUT_", frozen=True)

    ingest: float = Field(600, gt=0, description="seconds")
    preview: float = Field(300, gt=0, description="seconds")
    save: float = Field(900, gt=0, description="seconds")
    playlist: float = Field(3600, gt=0, description="seconds, for all entries together")
    default: float = Field(600, gt=0, description="seconds, for every other type")


class AttemptSettings(BaseSettings):
    """Tries of one step before its job fails, by type."""

    model_config = SettingsConfigDict(env_prefix="AUDIOPREP_ATTEMPTS_", frozen=True)

    ingest: int = Field(3, ge=1, description="tries")
    preview: int = Field(3, ge=1, description="tries")
    save: int = Field(3, ge=1, description="tries")
    playlist: int = Field(3, ge=1, description="tries; each entry has as many")
    default: int = Field(3, ge=1, description="tries, for every other type")


class WorkerSettings(BaseSettings):
    """What a worker takes on."""

    model_config = _OURS

    activity_slots: int = Field(2, ge=1, description="steps run at once; about the number of cores")
    heartbeat_interval: float = Field(
        1.0, gt=0, le=5, description="seconds between two heartbeats of a step: progress and cancels travel on them"
    )
    drain_grace: float = Field(0.5, ge=0, description="seconds a step may go on at shutdown before it is handed over")
    max_file_mb: float = Field(100, gt=0, description="MB of a source, at most")
    max_minutes: float = Field(30, gt=0, description="minutes of audio, at most")
    max_output_mb: float = Field(1024, gt=0, description="MB of a rendered file, at most")
    target_lufs: float = Field(-24.0, ge=-70, le=-5, description="LUFS of a normalised save")
    true_peak: float = Field(-2.0, ge=-9, le=0, description="dBTP that a normalised save stays under")


class NetworkSettings(BaseSettings):
    """What downloads may reach."""

    model_config = _OURS

    allow_private_urls: bool = Field(False, description="let downloads reach private addresses: for development only")
    ytdlp_hosts: str = Field(
        "youtube.com,youtu.be,youtube-nocookie.com",
        description="sites yt-dlp may be asked for, with their subdomains, separated by commas; * for any",
    )

    @property
    def allowed_hosts(self) -> frozenset[str]:
        """The hosts in lower case."""
        names = (name.strip().strip(".").lower() for name in self.ytdlp_hosts.split(","))
        return frozenset(name for name in names if name)


class VersionSettings(BaseSettings):
    """Which version of the worker this is, for Temporal's worker versioning. Both, or neither."""

    model_config = _OURS

    deployment: str | None = Field(None, description="name of the worker deployment")
    build_id: str | None = Field(None, description="version within the deployment")

    @model_validator(mode="after")
    def _version_is_whole(self) -> Self:
        if (self.deployment is None) != (self.build_id is None):
            raise ValueError("AUDIOPREP_DEPLOYMENT and AUDIOPREP_BUILD_ID go together")
        return self


class LogSettings(BaseSettings):
    """How events are printed."""

    model_config = _OURS

    log_format: Literal["console", "json"] = Field("console", description="console or json")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="least severe event printed")


class Settings:
    """All groups, read from the environment and from `.env` in the working folder.

    Raises SettingsError with one line per wrong value.
    """

    def __init__(self) -> None:
        # Into the environment itself, since the Temporal SDK and the S3 client read their own variables there.
        load_dotenv(".env")
        try:
            self.database = DatabaseSettings()
            self.temporal = TemporalSettings()
            self.storage = StorageSettings()
            self.bridge = BridgeSettings()
            self.http = HttpSettings()
            self.timeouts = TimeoutSettings()
            self.attempts = AttemptSettings()
            self.worker = WorkerSettings()
            self.network = NetworkSettings()
            self.version = VersionSettings()
            self.log = LogSettings()
        except ValidationError as error:
            raise SettingsError(_explain(error)) from None

    def local(self, folder: Path) -> Self:
        """The same, but with database, storage and work in `folder`: nothing of a deployment is touched."""
        local = copy(self)
        local.database = self.database.model_copy(
            update={"database_url": f"file:{folder.absolute() / 'jobs.db'}", "auth_token": None}
        )
        local.storage = self.storage.model_copy(
            update={"storage_url": f"file:{folder.absolute() / 'storage'}", "work_dir": folder / "work"}
        )
        return local

    def shown(self) -> dict[str, str]:
        """Every variable and its value, secrets masked."""
        groups = [value for value in vars(self).values() if isinstance(value, BaseSettings)]
        values = {variable(type(group), name): scrub(str(value)) for group in groups for name, value in group}
        return values | {"TURSO_DATABASE_URL": self.database.shown_url}


def variable(group: type[BaseSettings], field: str) -> str:
    """The environment variable of a field."""
    return f"{group.model_config.get('env_prefix', '')}{field}".upper()


def _explain(error: ValidationError) -> str:
    groups = {group.__name__: group for group in BaseSettings.__subclasses__()}
    lines = []
    for fault in error.errors(include_url=False, include_input=False):
        place = f"{variable(groups[error.title], str(fault['loc'][0]))}: " if fault["loc"] else ""
        lines.append(place + fault["msg"].removeprefix("Value error, "))
    return "\n".join(lines)
