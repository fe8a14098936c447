"""Checks of Temporal: reachable, the namespace exists, and the task queue is not shared unawares."""

import os

from audioprep.bridge.database.errors import DatabaseError
from audioprep.bridge.store.identity import read_identity
from audioprep.bridge.temporal.errors import TemporalUnavailable
from audioprep.bridge.temporal.inspection import other_homes
from audioprep.checks.database import NoDatabaseFile, existing_database
from audioprep.checks.finding import CheckWarning
from audioprep.settings import Settings
from audioprep.temporal.connection import DEFAULT_ADDRESS, check_namespace, connect, explained


async def check_temporal(_settings: Settings) -> str:
    try:
        client = await connect()
    except RuntimeError as error:
        raise RuntimeError(
            f"{os.environ.get('TEMPORAL_ADDRESS') or DEFAULT_ADDRESS}: {explained(str(error))}"
        ) from error
    await check_namespace(client)
    address = client.service_client.config.target_host.rpartition("@")[2]  # without what may be a password
    return f"namespace {client.namespace} at {address}"


async def check_queue(settings: Settings) -> str:
    """Raises Advice when jobs of other tables run on the task queue. Silent while database or Temporal is away."""
    queue = settings.temporal.task_queue
    own = await _own_home(settings)
    if not own:
        return f"task queue {queue}; the table has no identity yet"
    try:
        homes = await other_homes(await connect(), queue, own)
    except (TemporalUnavailable, RuntimeError):
        return f"task queue {queue}; see temporal"
    if homes:
        raise CheckWarning(
            f"jobs of other tables run on task queue {queue} ({', '.join(homes)}): their workers and yours take each"
            " other's steps and need the same storage; set AUDIOPREP_TASK_QUEUE to another name if they do not"
        )
    return f"task queue {queue} has no running job of another table"


async def _own_home(settings: Settings) -> str:
    """This table's identity; empty when it has none. A database that is away is another check's finding."""
    try:
        async with existing_database(settings) as database:
            identity = await read_identity(database, settings.database.database_url)
    except (DatabaseError, NoDatabaseFile):
        return ""
    return identity.table_id if identity else ""
