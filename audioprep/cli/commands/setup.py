"""`migrate` and `check`: is everything there, and what to do if not."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from audioprep.cli.console import EXIT_FAILED, EXIT_USAGE, fail, out, print_json, read_settings, run
from audioprep.cli.options import AsJson

if TYPE_CHECKING:
    from audioprep.checks.finding import CheckResult
    from audioprep.settings import Settings


def migrate(
    new_identity: Annotated[
        bool, typer.Option("--new-identity", help="The database is a copy of another one: its jobs are its own.")
    ] = False,
    moved: Annotated[bool, typer.Option("--moved", help="The database has moved to this URL: its jobs stay.")] = False,
) -> None:
    """Make the jobs table and its indexes where they are missing. Safe to repeat; an existing table is not altered."""
    if new_identity and moved:
        fail("A database is either a copy or has moved: give one of --new-identity and --moved.", EXIT_USAGE)
    settings = read_settings()
    run(_migrate(settings, new_identity=new_identity, moved=moved))
    sentence = f"The jobs table in {settings.database.redacted_url} has everything audioprep needs."
    out.print(sentence, markup=False, highlight=False)


class Checked(StrEnum):
    """Whose needs are checked."""

    ALL = "all"
    BRIDGE = "bridge"
    WORKER = "worker"


def check(
    role: Annotated[Checked, typer.Option(help="A worker needs no database, a bridge no storage.")] = Checked.ALL,
    as_json: AsJson = False,
) -> None:
    """Print every setting and try everything they name: database, Temporal, storage, ffmpeg, yt-dlp, memory."""
    from audioprep.checks.run import check_all

    settings = read_settings()
    findings = run(check_all(settings, role.value))
    if as_json:
        print_json({"settings": settings.shown(), "findings": [vars(finding) for finding in findings]})
    else:
        table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
        for name, value in settings.shown().items():
            table.add_row(name, escape(value), style="dim")
        out.print(table)
        for finding in findings:
            mark = _mark(finding)
            out.print(
                mark, f"[bold]{escape(finding.subject)}[/]", escape(finding.says), highlight=False, soft_wrap=True
            )
    if not all(finding.ok for finding in findings):
        raise typer.Exit(EXIT_FAILED)


def _mark(finding: "CheckResult") -> str:
    if not finding.ok:
        return "[bold red]FAIL[/]"
    return "[yellow]warn[/]" if finding.warning else "[green]ok  [/]"


async def _migrate(settings: "Settings", *, new_identity: bool, moved: bool) -> None:
    from audioprep.bridge.store import identity
    from audioprep.bridge.store.database import open_database
    from audioprep.bridge.store.store import JobStore

    url = settings.database.database_url
    async with open_database(url, settings.database.token) as database:
        await JobStore(database).migrate()
        if new_identity:
            await identity.renew(database, url)
        elif moved:
            await identity.move(database, url)
