"""The table: TURSO_*."""

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from audioprep.bridge.store.database_url import shown_url


class DatabaseSettings(BaseSettings):
    """Where the jobs table is."""

    model_config = SettingsConfigDict(env_prefix="TURSO_", frozen=True)

    database_url: str = Field("file:./.audioprep/jobs.db", description="file:, libsql:, https: or http: URL")
    auth_token: SecretStr | None = Field(None, description="token of the database")

    @property
    def shown_url(self) -> str:
        """The URL without what may be secret in it."""
        return shown_url(self.database_url)

    @property
    def token(self) -> str | None:
        return self.auth_token.get_secret_value() if self.auth_token else None
