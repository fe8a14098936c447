"""The command line's root: which commands there are."""

import os
import sys
import traceback
from typing import Annotated, NoReturn

import typer

from audioprep.cli.commands import cancel, doctor, listing, logs, retry, show, submit, watch
from audioprep.cli.console import err, out
from audioprep.cli.operating import cost, fake, pause, prune, roles, schema, setup, webhooks
from audioprep.cli.target import targeted
from audioprep.version import __version__

app = typer.Typer(
    name="audioprep",
    help="Audio jobs from a Turso table, run as durable Temporal workflows.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        out.print(f"audioprep {__version__}", highlight=False)
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Audio jobs from a Turso table, run as durable Temporal workflows."""


_RUN = "Run"
_JOBS = "Jobs"
_SETUP = "Set-up"

app.command("dev", rich_help_panel=_RUN)(roles.dev)
app.command("serve", rich_help_panel=_RUN)(roles.serve)
app.command("worker", rich_help_panel=_RUN)(roles.worker)
app.command("bridge", rich_help_panel=_RUN)(roles.bridge)
app.command("demo", rich_help_panel=_RUN)(roles.demo)
app.command("fake", rich_help_panel=_RUN)(fake.fake)
app.command("codec-server", rich_help_panel=_RUN)(roles.codec_server)
app.command("migrate", rich_help_panel=_SETUP)(setup.migrate)
app.command("check", rich_help_panel=_SETUP)(setup.check)
app.command("cost", rich_help_panel=_SETUP)(targeted(cost.cost))
app.command("schema", rich_help_panel=_SETUP)(schema.schema)
app.add_typer(submit.app, name="submit", rich_help_panel=_JOBS)
app.command("jobs", rich_help_panel=_JOBS)(targeted(listing.list_jobs))
app.command("watch", rich_help_panel=_JOBS)(targeted(watch.watch))
app.command("show", rich_help_panel=_JOBS)(targeted(show.show))
app.command("logs", rich_help_panel=_JOBS)(targeted(logs.logs))
app.command("doctor", rich_help_panel=_JOBS)(targeted(doctor.doctor))
app.command("cancel", rich_help_panel=_JOBS)(targeted(cancel.cancel))
app.command("retry", rich_help_panel=_JOBS)(targeted(retry.retry))
app.command("pause", rich_help_panel=_JOBS)(targeted(pause.pause))
app.command("resume", rich_help_panel=_JOBS)(targeted(pause.resume))
app.command("paused", rich_help_panel=_JOBS)(targeted(pause.paused))
app.command("prune", rich_help_panel=_JOBS)(targeted(prune.prune))
app.add_typer(webhooks.app, name="webhooks", rich_help_panel=_JOBS)


def main() -> NoReturn:
    """The `audioprep` command.

    Ends without Python's own tear-down: everything of ours is closed by then, and the object store's threads may abort
    or hang a process that is torn down under them (PyO3/pyo3-async-runtimes#40).
    """
    try:
        app()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        err.print(traceback.format_exc(), markup=False, highlight=False, soft_wrap=True)
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
