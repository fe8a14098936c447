"""Prices for `audioprep cost`, in US dollars."""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class PriceSettings(BaseSettings):
    """US dollars, of the first tier and before what a plan includes. The defaults are of public lists of 2026."""

    model_config = SettingsConfigDict(env_prefix="AUDIOPREP_PRICE_", frozen=True)

    million_actions: float = Field(50.0, ge=0, description="of a million Actions of Temporal Cloud")
    billion_rows_read: float = Field(1.0, ge=0, description="of a billion rows read by the database")
    million_rows_written: float = Field(1.0, ge=0, description="of a million rows written by the database")
    table_gb: float = Field(0.75, ge=0, description="of a GB in the database for a month")
    object_gb: float = Field(0.023, ge=0, description="of a GB in object storage for a month")
