"""`migrate` and `check`: is everything there, and what to do if not."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from audioprep.cli.console import EXIT_FAILED, EXIT_USAGE, fail, out, print_json, read_settings, run, say
from audioprep.cli.database import settings_of_database
from audioprep.cli.options import AsJson
from audioprep.cli.target import Database

if TYPE_CHECKING:
    from audioprep.checks.finding import CheckResult
    from audioprep.settings import Settings


def migrate(
    new_identity: Annotated[
        bool, typer.Option("--new-identity", help="The database is a copy of another one: its jobs are its own.")
    ] = False,
    moved: Annotated[bool, typer.Option("--moved", help="The database has moved to this URL: its jobs stay.")] = False,
    database: Database = None,
) -> None:
    """Make the jobs table and its indexes where they are missing. Safe to repeat; an existing table is not altered.

    With AUDIOPREP_DATABASES in every database on the list, unless --database names one.
    """
    if new_identity and moved:
        fail("A database is either a copy or has moved: give one of --new-identity and --moved.", EXIT_USAGE)
    settings = _of_database(database)
    if not settings.databases.are_many:
        run(_migrate(settings, new_identity=new_identity, moved=moved))
        say(f"The jobs table in {settings.database.redacted_url} has everything audioprep needs.")
    elif new_identity or moved:
        fail("Name the database that is a copy or has moved with --database.", EXIT_USAGE)
    else:
        _migrate_all(settings)


def _of_database(name: str | None) -> "Settings":
    """The settings, of one database of many if it is named."""
    settings = read_settings()
    return settings_of_database(settings, name) if name else settings


def _migrate_all(settings: "Settings") -> None:
    """Every database on the list; those that cannot be migrated are named, and the others are all the same."""
    findings = run(_migrate_each(settings))
    _print_findings(findings)
    if not all(finding.ok for finding in findings):
        raise typer.Exit(EXIT_FAILED)


_WIDE = 70  # columns from which a variable's name is kept on one line


class Checked(StrEnum):
    """Whose needs are checked."""

    ALL = "all"
    BRIDGE = "bridge"
    WORKER = "worker"


def check(
    role: Annotated[Checked, typer.Option(help="A worker needs no database, a bridge no storage.")] = Checked.ALL,
    everything: Annotated[bool, typer.Option("--all", help="Print the settings with their defaults as well.")] = False,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Print the settings and where they come from, and try all that they name: database, Temporal, storage, programs.

    With AUDIOPREP_DATABASES each database on the list is tried, or the one that --database names.

    Exit code 0: all is there. 1: something is not. 2: a setting or the command has a wrong value.
    """
    from audioprep.checks.run import check_all

    settings = _of_database(database)
    findings = run(check_all(settings, role.value))
    if as_json:
        origins = {setting.name: setting.origin for setting in settings.in_force()}
        found = [vars(finding) for finding in findings]
        print_json({"settings": settings.shown(), "origins": origins, "findings": found})
    else:
        _print_settings(settings, everything=everything)
        _print_findings(findings)
    if not all(finding.ok for finding in findings):
        raise typer.Exit(EXIT_FAILED)


def _print_settings(settings: "Settings", *, everything: bool) -> None:
    from audioprep.settings.origins import Origin

    in_force = settings.in_force()
    listed = [setting for setting in in_force if everything or setting.origin is not Origin.DEFAULT]
    table = Table(box=None, show_header=False, padding=(0, 1, 0, 0))
    table.add_column(no_wrap=out.width >= _WIDE, overflow="fold")
    table.add_column(overflow="fold")
    table.add_column(no_wrap=True)
    for setting in listed:
        table.add_row(setting.name, escape(setting.value), setting.origin.value, style="dim")
    out.print(table)
    if len(listed) < len(in_force):
        out.print(f"{len(in_force) - len(listed)} more have their defaults; --all prints them.", highlight=False)


def _print_findings(findings: "list[CheckResult]") -> None:
    table = Table(box=None, show_header=False, padding=(0, 1, 0, 0))
    for overflow in (None, None, "fold"):
        table.add_column(no_wrap=overflow is None, overflow=overflow or "ellipsis")
    for finding in findings:
        table.add_row(_mark(finding), f"[bold]{escape(finding.subject)}[/]", escape(finding.says))
    out.print(table)


def _mark(finding: "CheckResult") -> str:
    if not finding.ok:
        return "[bold red]FAIL[/]"
    return "[yellow]warn[/]" if finding.warning else "[green]ok[/]"


async def _migrate_each(settings: "Settings") -> "list[CheckResult]":
    from audioprep.bridge.database.errors import DatabaseError
    from audioprep.checks.finding import CheckResult
    from audioprep.checks.many import check_each

    async def one(subject: str, chosen: "Settings") -> CheckResult:
        try:
            await _migrate(chosen, new_identity=False, moved=False)
        except (DatabaseError, RuntimeError, ValueError) as error:
            return CheckResult(subject, False, " ".join(str(error).split()))
        return CheckResult(subject, True, "has everything audioprep needs")

    return await check_each(settings, ["migrated"], one)


async def _migrate(settings: "Settings", *, new_identity: bool, moved: bool) -> None:
    from audioprep.bridge.database.database import open_database
    from audioprep.bridge.store import identity
    from audioprep.bridge.store.store import JobStore

    url = settings.database.database_url
    async with open_database(url, settings.database.token) as database:
        await JobStore(database).migrate()
        if new_identity:
            await identity.renew(database, url)
        elif moved:
            await identity.move(database, url)
