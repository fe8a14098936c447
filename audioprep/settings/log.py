"""Logging."""

from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings

from audioprep.settings.names import OURS


class LogSettings(BaseSettings):
    """How events are printed."""

    model_config = OURS

    log_format: Literal["console", "json"] = Field("console", description="console or json")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="least severe event printed")
