"""`pause`, `resume`, `paused`: rows of a type or a source that are not claimed for a while."""

import getpass
import socket
from typing import TYPE_CHECKING, Annotated

import typer

from audioprep.cli.console import EXIT_FAILED, EXIT_USAGE, fail, out, print_json, read_settings, run, say
from audioprep.cli.options import AsJson
from audioprep.cli.table import open_table

if TYPE_CHECKING:
    from audioprep.bridge.store.queue.pauses import Pause
    from audioprep.settings import Settings

_LONGEST = 200  # characters of a reason

_HELP = "A type (ingest), a source of ingests (source:youtube), or all."


def pause(
    scope: Annotated[str, typer.Argument(metavar="TYPE|source:NAME|all", help=_HELP)],
    duration: Annotated[str, typer.Option("--for", help="How long: 30m, 2h, 1d.")],
    reason: Annotated[str, typer.Option(help="Why; jobs, watch and doctor say it.")] = "",
) -> None:
    """Keep pending rows from being claimed for a while; jobs under way go on, and cancels are carried out.

    A second pause of the same scope replaces the first. Nothing has to be done for its end.
    """
    from audioprep.bridge.store.queue.pauses import Pause
    from audioprep.jobs.timestamps import duration_of, to_text, utc_now

    settings = read_settings()
    now = utc_now()
    if len(reason) > _LONGEST:
        fail(f"The reason may have {_LONGEST} characters at most.", EXIT_USAGE)
    try:
        until = to_text(now + duration_of(duration))
    except (ValueError, OverflowError):
        fail(f"{duration[:40]!r} is no duration to pause for: type 30m, 2h or 1d.", EXIT_USAGE)
    made = Pause(_scope(settings, scope), until, " ".join(reason.split()), _author(), to_text(now))
    run(_add(settings, made))
    say(f"{made.sentence}.")


def resume(
    scopes: Annotated[list[str], typer.Argument(metavar="TYPE|source:NAME|all...", help="What was paused.")],
) -> None:
    """End pauses, each by the name that `paused` lists: the rows are claimed with the next poll."""
    settings = read_settings()
    wanted = [_scope(settings, scope, known=False) for scope in scopes]
    ended = run(_end(settings, wanted))
    for scope in ended:
        out.print(f"{scope} resumed.", markup=False, highlight=False)
    if missing := [scope for scope in wanted if scope not in ended]:
        fail(f"Not paused: {', '.join(missing)}; `audioprep paused` lists what is.", EXIT_FAILED)


def paused(as_json: AsJson = False) -> None:
    """List what is paused, until when, by whom and why."""
    found = run(_read(read_settings()))
    if as_json:
        print_json([_as_dict(pause) for pause in found])
        return
    for pause in found:
        say(pause.sentence)
    if not found:
        out.print("Nothing is paused.", highlight=False)


def _scope(settings: "Settings", text: str, *, known: bool = True) -> str:
    """The scope as the table has it, or the end of the command; a `known` one is of a type served or a source."""
    from audioprep.bridge.store.queue.pauses import ALL, SOURCE, TYPE, source_scope, type_scope
    from audioprep.extension import served_types
    from audioprep.jobs.types.provenance import SourceType

    if text == ALL:
        return ALL
    if text.startswith(SOURCE):
        source, sources = text.removeprefix(SOURCE), [each.value for each in SourceType]
        if known and source not in sources:
            fail(f"There is no source {source!r}: type source: and one of {', '.join(sources)}.", EXIT_USAGE)
        return source_scope(source)
    name, served = text.removeprefix(TYPE), served_types(settings).names
    if known and name not in served:
        fail(f"The type {name!r} is not served here; served are {', '.join(served)}.", EXIT_USAGE)
    return type_scope(name)


def _author() -> str:
    """Who typed the command, as far as the system says."""
    try:
        user = getpass.getuser()
    except (OSError, KeyError, ImportError):  # a container without an entry for its user
        user = "unknown"
    return f"{user}@{socket.gethostname()}"[:100]


def _as_dict(pause: "Pause") -> dict[str, str]:
    return {
        "scope": pause.scope,
        "until": pause.until,
        "reason": pause.reason,
        "madeBy": pause.made_by,
        "madeAt": pause.made_at,
    }


async def _add(settings: "Settings", pause: "Pause") -> None:
    async with open_table(settings) as table:
        await table.pauses.add(pause)


async def _end(settings: "Settings", scopes: list[str]) -> list[str]:
    async with open_table(settings) as table:
        return await table.pauses.end(scopes)


async def _read(settings: "Settings") -> "list[Pause]":
    from audioprep.jobs.timestamps import utc_now

    async with open_table(settings) as table:
        return await table.pauses.read(utc_now())
