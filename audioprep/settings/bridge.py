"""The bridge's pace."""

from pydantic import Field
from pydantic_settings import BaseSettings

from audioprep.settings.names import OURS


class BridgeSettings(BaseSettings):
    """How often the bridge looks, and how much it takes on."""

    model_config = OURS

    poll_interval: float = Field(3.0, gt=0, description="seconds between two looks at an idle table")
    busy_interval: float = Field(0.5, gt=0, description="seconds between two looks while jobs are in flight")
    sweep_interval: float = Field(15.0, gt=0, description="seconds between two looks at all rows being processed")
    redrive_after: float = Field(
        15.0, gt=0, description="seconds before a claimed row without a workflow is taken over"
    )
    strays_interval: float = Field(60.0, gt=0, description="seconds between two looks for workflows without a live row")
    max_in_flight: int = Field(4, ge=1, description="jobs claimed and not finished, at most")
    retry_first_delay: float = Field(1.0, gt=0, description="seconds before the second try of a step; then doubled")
    retry_last_delay: float = Field(60.0, gt=0, description="seconds between two tries, at most")
