"""`schema`: what a row's JSON must be, for programs that check it themselves."""

from enum import StrEnum
from typing import Annotated

import typer

from audioprep.cli.console import print_json


class SchemaType(StrEnum):
    """The job types that come with audioprep, what a failed row of any type says, and the body of a webhook."""

    INGEST = "ingest"
    PREVIEW = "preview"
    SAVE = "save"
    PLAYLIST = "playlist"
    ERROR = "error"
    WEBHOOK = "webhook"


def schema(
    job_type: Annotated[SchemaType, typer.Argument(metavar="TYPE", help="ingest, preview, save, playlist, error, webhook.")],
    result: Annotated[bool, typer.Option("--result", help="Of the result instead of the metadata.")] = False,
) -> None:
    """Print the JSON Schema of a job type's metadata or result; `error` is a failed row's result, `webhook` a body."""
    from audioprep.jobs.schemas import error_schema, metadata_schema, result_schema, webhook_schema

    if job_type is SchemaType.ERROR:
        document = error_schema()
    elif job_type is SchemaType.WEBHOOK:
        document = webhook_schema()
    else:
        document = result_schema(job_type.value) if result else metadata_schema(job_type.value)
    print_json(document, indent=2)
