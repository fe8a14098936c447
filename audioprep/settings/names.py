"""Names of environment variables."""

from typing import Final

from pydantic_settings import BaseSettings, SettingsConfigDict

OURS: Final = SettingsConfigDict(env_prefix="AUDIOPREP_", frozen=True)


def variable(group: type[BaseSettings], field: str) -> str:
    """The environment variable of a field."""
    return f"{group.model_config.get('env_prefix', '')}{field}".upper()
