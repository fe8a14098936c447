"""JSON Schema of what a row holds, made from the models: for web apps in any language. Pure."""

from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import CoreSchema

from audioprep.jobs.errors import FailedResult
from audioprep.jobs.registry import JobType
from audioprep.jobs.webhooks.event import WebhookEvent


class _WithoutTitles(GenerateJsonSchema):
    """Models have titles, fields have none: generators of types would make a type of each."""

    def field_title_should_be_set(self, schema: CoreSchema) -> bool:
        return False


def metadata_schema(kind: JobType) -> dict[str, Any]:
    """What a row's `metadata` must be.

    Rules that join several fields are not in it: a bridge checks those, and says so in the row's `error`.
    """
    return _dialect(
        TypeAdapter(kind.payload).json_schema(by_alias=True, mode="validation", schema_generator=_WithoutTitles)
    )


def result_schema(kind: JobType) -> dict[str, Any]:
    """What the `result` of a complete row is: any JSON value for a type that names no model."""
    return _dialect(
        kind.result.model_json_schema(by_alias=True, mode="serialization", schema_generator=_WithoutTitles)
        if kind.result
        else {}
    )


def error_schema() -> dict[str, Any]:
    """What the `result` of a failed row is, with the closed list of error kinds."""
    return _dialect(
        FailedResult.model_json_schema(by_alias=True, mode="serialization", schema_generator=_WithoutTitles)
    )


def webhook_schema() -> dict[str, Any]:
    """What the body of a webhook is."""
    return _dialect(
        WebhookEvent.model_json_schema(by_alias=True, mode="serialization", schema_generator=_WithoutTitles)
    )


def _dialect(schema: dict[str, Any]) -> dict[str, Any]:
    return {"$schema": GenerateJsonSchema.schema_dialect, **schema}
