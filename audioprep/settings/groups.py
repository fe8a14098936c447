"""All settings together."""

import os
from copy import copy
from pathlib import Path
from typing import Self

from dotenv import load_dotenv
from pydantic import SecretStr, ValidationError
from pydantic_settings import BaseSettings

from audioprep.jobs.text.redaction import scrub
from audioprep.settings.bridge import AttemptSettings, BreakerSettings, BridgeSettings, TimeoutSettings
from audioprep.settings.deployment import DatabaseSettings, StorageSettings, TemporalSettings, VersionSettings
from audioprep.settings.names import variable
from audioprep.settings.origins import Setting, settings_in_force
from audioprep.settings.prices import PriceSettings
from audioprep.settings.retention import RetentionSettings
from audioprep.settings.service import HttpSettings, LogSettings, TracingSettings
from audioprep.settings.sites import SiteSettings
from audioprep.settings.tenants import DatabasesSettings, TenantSettings
from audioprep.settings.webhooks import WebhookSettings
from audioprep.settings.worker import NetworkSettings, WorkerSettings


class SettingsError(Exception):
    """A setting has a value it cannot have. The message names the variable."""


class Settings:
    """All groups, read from the environment and from `.env` in the working folder.

    Raises SettingsError with one line per wrong value.
    """

    def __init__(self) -> None:
        # Into the environment itself, since the Temporal SDK and the S3 client read their own variables there.
        before = set(os.environ)
        load_dotenv(".env")
        self.from_file = frozenset(os.environ) - before
        try:
            self.database = DatabaseSettings()
            self.temporal = TemporalSettings()
            self.storage = StorageSettings()
            self.bridge = BridgeSettings()
            self.breaker = BreakerSettings()
            self.tenants = TenantSettings()
            self.databases = DatabasesSettings()
            self.retention = RetentionSettings()
            self.http = HttpSettings()
            self.timeouts = TimeoutSettings()
            self.attempts = AttemptSettings()
            self.worker = WorkerSettings()
            self.network = NetworkSettings()
            self.sites = SiteSettings()
            self.webhooks = WebhookSettings()
            self.prices = PriceSettings()
            self.version = VersionSettings()
            self.log = LogSettings()
            self.tracing = TracingSettings()
        except ValidationError as error:
            raise SettingsError(_explain(error)) from None

    def local(self, folder: Path) -> Self:
        """The same, but with database, storage and work in `folder`: nothing of a deployment is touched."""
        local = copy(self)
        local.databases = self.databases.alone()
        local.bridge = self.bridge.model_copy(
            update={"poll_interval": min(self.bridge.poll_interval, self.bridge.busy_interval)}
        )
        local.databases = self.databases.model_copy(update={"databases": None, "databases_command": ""})
        local.database = self.database.model_copy(
            update={"database_url": f"file:{folder.absolute() / 'jobs.db'}", "auth_token": None}
        )
        local.storage = self.storage.model_copy(
            update={"storage_url": f"file:{folder.absolute() / 'storage'}", "work_dir": folder / "work"}
        )
        return local

    def in_force(self) -> list[Setting]:
        """Every variable with its value and where that comes from, and those of Temporal and the object store."""
        return settings_in_force(self.shown(), self.from_file)

    def for_database(self, url: str, token: str | None, prefix: str) -> Self:
        """The same for one database of many: its files are in the folder `prefix` of the storage."""
        chosen = copy(self)
        chosen.databases = self.databases.alone()
        secret = SecretStr(token) if token else None
        chosen.database = self.database.model_copy(update={"database_url": url, "auth_token": secret})
        place = f"{self.storage.storage_url.rstrip('/')}/{prefix}" if prefix else self.storage.storage_url
        chosen.storage = self.storage.model_copy(update={"storage_url": place})
        return chosen

    def shown(self) -> dict[str, str]:
        """Every variable and its value, secrets masked."""
        groups = [value for value in vars(self).values() if isinstance(value, BaseSettings)]
        values = {variable(type(group), name): scrub(str(value)) for group in groups for name, value in group}
        redacted = {"TURSO_DATABASE_URL": self.database.redacted_url}
        if self.sites.ytdlp_proxy:
            redacted["AUDIOPREP_YTDLP_PROXY"] = self.sites.shown_exits
        return values | redacted


def _explain(error: ValidationError) -> str:
    groups = {group.__name__: group for group in BaseSettings.__subclasses__()}
    lines = []
    for fault in error.errors(include_url=False, include_input=False):
        place = f"{variable(groups[error.title], str(fault['loc'][0]))}: " if fault["loc"] else ""
        lines.append(place + fault["msg"].removeprefix("Value error, "))
    return "\n".join(lines)
