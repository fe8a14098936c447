"""One of many databases, by its name: the settings of a command that has the option `--database`."""

import asyncio
from typing import TYPE_CHECKING

from audioprep.cli.console import EXIT_USAGE, fail

if TYPE_CHECKING:
    from audioprep.settings import Settings


def settings_of_database(settings: "Settings", name: str) -> "Settings":
    """The settings with the database, the token and the storage prefix of one entry of the list."""
    from audioprep.bridge.fleet.databases import by_name
    from audioprep.bridge_options import database_source

    if not settings.databases.are_many:
        fail("--database needs a list: AUDIOPREP_DATABASES or AUDIOPREP_DATABASES_COMMAND.", EXIT_USAGE)
    try:
        entries, _ = asyncio.run(database_source(settings).read())
    except RuntimeError as error:
        fail(str(error))
    entry = by_name(entries, name)
    if entry is None:
        fail(f"There is no database {name} among the {len(entries)} that are listed.", EXIT_USAGE)
    return settings.for_database(entry.url, entry.token, entry.prefix)
