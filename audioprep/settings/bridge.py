"""The bridge's pace."""

import json
from typing import Annotated

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, NoDecode

from audioprep.jobs.registry import JOB_TYPES
from audioprep.jobs.routes import route
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
    routes: Annotated[dict[str, str], NoDecode] = Field(
        default_factory=dict, description="JSON of types carried as they are: {type: Workflow@task-queue}"
    )
    max_in_flight: int = Field(4, ge=1, description="jobs claimed and not finished, at most")
    looks_per_second: float = Field(
        50.0, gt=0, description="looks at running workflows, at most, however many there are"
    )
    database_calls: int = Field(8, ge=1, description="requests to the database under way, at most; more wait")
    retry_first_delay: float = Field(1.0, gt=0, description="seconds before the second try of a step; then doubled")
    retry_last_delay: float = Field(60.0, gt=0, description="seconds between two tries, at most")

    @field_validator("routes", mode="before")
    @classmethod
    def _routes_are_json(cls, value: object) -> object:
        try:
            return json.loads(value or "{}") if isinstance(value, str) else value
        except ValueError:
            raise ValueError('expected JSON such as {"transcribe": "TranscribeWorkflow@queue"}') from None

    @field_validator("routes")
    @classmethod
    def _routes_lead_somewhere(cls, value: dict[str, str]) -> dict[str, str]:
        JOB_TYPES.with_more(route(name, target) for name, target in value.items())
        return value
