"""`fake`: a bridge for the tests of web apps, without Temporal and ffmpeg."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from audioprep.cli.console import EXIT_USAGE, fail, out, read_settings, run
from audioprep.fake.behaviour import Behaviour

if TYPE_CHECKING:
    from audioprep.fake.script import Script
    from audioprep.settings import Settings


def fake(
    script: Annotated[Behaviour, typer.Option(help="What becomes of a job.")] = Behaviour.FAST,
    kind: Annotated[str, typer.Option(help="The kind of error with --script fails.")] = "Network",
    slots: Annotated[int, typer.Option(min=1, help="Jobs at once.")] = 2,
    folder: Annotated[Path, typer.Option(help="Where the database file and the storage are.")] = Path(".audioprep"),
    database: Annotated[
        str | None, typer.Option(help="Another database, by its URL (token in TURSO_AUTH_TOKEN): never production's.")
    ] = None,
    storage: Annotated[str | None, typer.Option(help="Another storage: file:PATH or s3://bucket/prefix.")] = None,
) -> None:
    """Play a bridge for the tests of a web app: real stages, progress and tiny files, no Temporal, ffmpeg or yt-dlp.

    A row may choose for itself: {"fake": {"script": "fails", "kind": "Network"}} in its metadata.
    """
    from audioprep.bridge.database.database_url import redacted_url
    from audioprep.fake.script import Script
    from audioprep.jobs.errors import ErrorKind

    kinds = {known.value: known for known in ErrorKind}
    if kind not in kinds:
        fail(f"There is no kind of error {kind!r}; the kinds are {', '.join(kinds)}.", EXIT_USAGE)
    settings = read_settings()
    local = settings.local(folder)
    database_url = database or local.database.database_url
    storage_url = storage or local.storage.storage_url
    out.print(f"database     {redacted_url(database_url)}\nstorage      {storage_url}", markup=False, highlight=False)
    out.print("fake bridge  every job is made up (Ctrl-C stops it)", highlight=False)
    run(_fake(settings if database else local, database_url, storage_url, Script(script, kinds[kind]), slots))


async def _fake(settings: "Settings", database_url: str, storage_url: str, script: "Script", slots: int) -> None:
    from audioprep.activities.storage.store import Storage
    from audioprep.bridge.database.database import open_database
    from audioprep.cli.operating.roles import run_until
    from audioprep.fake.bridge import open_fake
    from audioprep.roles import until_signalled

    storage = Storage.open(storage_url)
    async with (
        open_database(database_url, settings.database.token) as client,
        open_fake(client, database_url, storage, script, slots) as bridge,
        until_signalled() as stop,
    ):
        await run_until(bridge.run(), stop)
