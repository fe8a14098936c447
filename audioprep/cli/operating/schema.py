"""`schema`: what a row's JSON must be, for programs that check it themselves."""

from typing import Annotated

import typer

from audioprep.cli.console import EXIT_USAGE, fail, print_json

# In place of a type: what a failed row of any type says, and the body of a webhook.
ERROR, WEBHOOK = "error", "webhook"


def schema(
    job_type: Annotated[
        str,
        typer.Argument(
            metavar="TYPE", help="A job type, also of an installed package; another name of one (edit); error; webhook."
        ),
    ],
    result: Annotated[bool, typer.Option("--result", help="Of the result instead of the metadata.")] = False,
) -> None:
    """Print the JSON Schema of a job type's metadata or result; `error` is a failed row's result, `webhook` a body."""
    from audioprep.extension import installed_job_types
    from audioprep.jobs.errors import PermanentError
    from audioprep.jobs.schemas import error_schema, metadata_schema, result_schema, webhook_schema

    if job_type in (ERROR, WEBHOOK):
        print_json(error_schema() if job_type == ERROR else webhook_schema(), indent=2)
        return
    try:
        kind = installed_job_types().find(job_type)
    except PermanentError as error:
        fail(error.message, EXIT_USAGE)
    print_json(result_schema(kind) if result else metadata_schema(kind), indent=2)
