"""Arguments and options that several commands share."""

from typing import Annotated

import typer

from audioprep.cli.completion import cancellable_ids, newest_ids, retryable_ids

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
Watch = Annotated[bool, typer.Option("--watch", "-w", help="Follow the job to its end; exit code 0 only if complete.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and change nothing.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]

JobId = Annotated[
    str,
    typer.Argument(
        metavar="JOB", help="The job's id, its first characters (4 or more), or last.", autocompletion=newest_ids
    ),
]
RetryableId = Annotated[
    str | None,
    typer.Argument(
        metavar="JOB",
        help="A failed or cancelled job: its id, its first characters, or last.",
        autocompletion=retryable_ids,
    ),
]
JobIds = Annotated[
    list[str] | None,
    typer.Argument(metavar="[JOB]...", help="Ids of jobs, their first characters, or last.", autocompletion=newest_ids),
]
CancellableIds = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[JOB]...", help="Ids of jobs, their first characters, or last.", autocompletion=cancellable_ids
    ),
]
