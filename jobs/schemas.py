"""JSON Schema of what a row holds, made from the models: for web apps in any language. Pure."""

from typing import Any, Final

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema

from audioprep.jobs.errors import FailedResult
from audioprep.jobs.payload import WireModel
from audioprep.jobs.registry import INGEST, JOB_TYPES, PLAYLIST, PREVIEW, SAVE
from audioprep.jobs.types.ingest import IngestResult
from audioprep.jobs.types.playlist import PlaylistResult
from audioprep.jobs.types.preview import PreviewResult
from audioprep.jobs.types.save import SaveResult
from audioprep.jobs.webhooks.event import WebhookEvent

RESULTS: Final[dict[str, type[WireModel]]] = {
    INGEST.name: IngestResult,
    PREVIEW.name: PreviewResult,
    SAVE.name: SaveResult,
    PLAYLIST.name: PlaylistResult,
}


def metadata_schema(job_type: str) -> dict[str, Any]:
    """What a row's `metadata` must be. Raises PermanentError when no type has this name.

    Rules that join several fields are not in it: a bridge checks those, and says so in the row's `error`.
    """
    kind = JOB_TYPES.find(job_type)
    return _dialect(TypeAdapter(kind.payload).json_schema(by_alias=True, mode="validation"))


def result_schema(job_type: str) -> dict[str, Any]:
    """What the `result` of a complete row is. Raises PermanentError when no type has this name."""
    kind = JOB_TYPES.find(job_type)
    return _dialect(RESULTS[kind.name].model_json_schema(by_alias=True, mode="serialization"))


def error_schema() -> dict[str, Any]:
    """What the `result` of a failed row is, with the closed list of error kinds."""
    return _dialect(FailedResult.model_json_schema(by_alias=True, mode="serialization"))


def webhook_schema() -> dict[str, Any]:
    """What the body of a webhook is."""
    return _dialect(WebhookEvent.model_json_schema(by_alias=True, mode="serialization"))


def _dialect(schema: dict[str, Any]) -> dict[str, Any]:
    return {"$schema": GenerateJsonSchema.schema_dialect, **schema}
