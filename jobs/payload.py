"""Base models: values that cross a boundary as JSON, and the metadata that all job types share."""

import math
from typing import Final, Protocol, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue, RootModel, ValidationInfo, field_validator
from pydantic.alias_generators import to_camel


class WireModel(BaseModel):
    """A value of a row or of Temporal. Unknown fields are ignored, so that web apps may add their own."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        validate_by_alias=True,
        validate_by_name=True,
        serialize_by_alias=True,
        frozen=True,
        allow_inf_nan=False,
    )


FIRST, LAST = 1, 5
"""Priorities, as Temporal counts them: 1 goes first, 5 last, and who says nothing has 3.

https://docs.temporal.io/develop/task-queue-priority-fairness
"""

PRIORITY: Final = "priority"
MAX_TENANT_BYTES: Final = 64  # Temporal's fairness keys have no more
MAX_KEY: Final = 200  # characters of a key
SHARED_FIELDS: Final = ("priority", "tenant", "supersedes", "uniqueKey")  # of every type's metadata

FROM_ROW: Final = {"source": "row"}
"""The validation context of what comes from a row. Workflows and workers read what was accepted without it: rules that
are added later hold for new jobs, and leave running ones alone."""


class Payload(Protocol):
    """What a payload model offers: JSON in, one line for people out, how urgent the job is, and whose it is."""

    @classmethod
    def model_validate_json(cls, json_data: str, /, *, context: dict[str, str] | None = None) -> Self: ...

    @property
    def summary(self) -> str: ...

    @property
    def priority(self) -> int | None: ...

    @property
    def tenant(self) -> str | None: ...


def is_from_row(info: ValidationInfo) -> bool:
    """Whether a model is read from a row, by a bridge or by the command line."""
    return bool(info.context == FROM_ROW)


class JobPayload(WireModel):
    """The base of every payload model: `metadata` of a row, as its type has it."""

    priority: int | None = Field(
        default=None, ge=FIRST, le=LAST, strict=True, description="1 is served first, 5 last; 3 if absent"
    )
    tenant: str | None = Field(
        default=None,
        min_length=1,
        max_length=MAX_TENANT_BYTES,
        description="whose job it is, at most 64 bytes: tenants are served in turn",
    )
    supersedes: str | None = Field(
        default=None,
        min_length=1,
        max_length=MAX_KEY,
        description="cancels older jobs of the same tenant that have the same value here",
    )
    unique_key: str | None = Field(
        default=None,
        min_length=1,
        max_length=MAX_KEY,
        description="no two active rows of a type and tenant can have the same: the table refuses the second one",
    )

    @field_validator("tenant")
    @classmethod
    def _tenant_is_short(cls, value: str | None) -> str | None:
        if value is not None and len(value.encode(errors="replace")) > MAX_TENANT_BYTES:
            raise ValueError(f"it is longer than {MAX_TENANT_BYTES} bytes")
        return value

    @property
    def summary(self) -> str:
        """One line for people; a type says more where it can."""
        return type(self).__name__.removesuffix("Payload").lower()


class AnyPayload(RootModel[dict[str, JsonValue]]):
    """Metadata of a type whose model only its worker knows: any JSON object, handed on as it is.

    Numbers that JSON lacks (NaN, Infinity) or that other languages cannot read (1e400) are refused. So is all that
    pydantic does not take for JSON: lone surrogates, more than 200 levels.
    """

    model_config = ConfigDict(frozen=True)

    @field_validator("root")
    @classmethod
    def _numbers_are_json(cls, value: dict[str, JsonValue]) -> dict[str, JsonValue]:
        waiting: list[JsonValue] = [value]
        while waiting:
            found = waiting.pop()
            if isinstance(found, dict):
                waiting.extend(found.values())
            elif isinstance(found, list):
                waiting.extend(found)
            elif isinstance(found, int | float) and not _is_finite(found):
                raise ValueError("it holds NaN, Infinity or a number beyond 1.8e308, which JSON readers refuse")
        return value

    @field_validator("root")
    @classmethod
    def _shared_fields_are_right(cls, value: dict[str, JsonValue]) -> dict[str, JsonValue]:
        JobPayload.model_validate({name: value.get(name) for name in SHARED_FIELDS})
        return value

    @property
    def summary(self) -> str:
        """Nothing is known of what is in it."""
        return "metadata of its own"

    @property
    def priority(self) -> int | None:
        priority = self.root.get(PRIORITY)
        return priority if isinstance(priority, int) else None

    @property
    def tenant(self) -> str | None:
        tenant = self.root.get("tenant")
        return tenant if isinstance(tenant, str) else None


def _is_finite(number: float) -> bool:
    """Whether a double can hold it, as all numbers of JavaScript and most of Go's JSON are."""
    try:
        return math.isfinite(number)
    except OverflowError:
        return False
