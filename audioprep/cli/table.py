"""Connections of a command: the jobs table, and Temporal."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from audioprep.cli.console import EXIT_USAGE, fail
from audioprep.cli.target import DATABASE, short_path

if TYPE_CHECKING:
    from libsql_client import Client
    from temporalio.client import Client as TemporalClient

    from audioprep.bridge.store.bulk import BulkStore
    from audioprep.bridge.store.listing import JobLists
    from audioprep.bridge.store.queue.pauses import PauseTable
    from audioprep.bridge.store.retention import RetentionStore
    from audioprep.bridge.store.service import ServiceTable
    from audioprep.bridge.store.store import JobStore
    from audioprep.jobs.job import Job
    from audioprep.settings import Settings


@dataclass(frozen=True, slots=True)
class JobTable:
    """Single rows, lists, many at once, old ones, live bridges, pauses.

    `table_id` is empty if no bridge has served it.
    """

    database: "Client"
    rows: "JobStore"
    lists: "JobLists"
    bulk: "BulkStore"
    retention: "RetentionStore"
    service: "ServiceTable"
    pauses: "PauseTable"
    table_id: str

    async def find(self, text: str) -> "Job":
        """The row of the id, of the one id that begins so, or of the newest for `last`; else the end of the command."""
        job = await self.rows.get(text)
        return job or await self.rows.get(await self._id_of(text)) or fail(_unknown(text))

    async def find_all(self, texts: list[str], consequence: str = "") -> "list[Job]":
        """The rows in the order asked for, or the end of the command, naming the first that is not there.

        `consequence` is what that means for the others.
        """
        there = {job.job_id for job in await self.lists.get_all(texts)}
        ids = [text if text in there else await self._id_of(text, consequence) for text in texts]
        return await self.lists.get_all(list(dict.fromkeys(ids)))

    async def _id_of(self, text: str, consequence: str = "") -> str:
        from audioprep.bridge.store.lookup import ids_like
        from audioprep.jobs.timestamps import utc_now

        found = await ids_like(self.database, text, utc_now())
        if len(found) > 1:
            more = f"Several jobs begin with {text}: type more of {', '.join(found)}."
            fail(f"{more} {consequence}".strip(), EXIT_USAGE)
        return found[0] if found else fail(f"{_unknown(text)} {consequence}".strip())


def _unknown(text: str) -> str:
    return f"There is no job {text}; `audioprep jobs` lists the newest."


def require_database(settings: "Settings", *, may_be_made: bool = False) -> None:
    """End the command when the database is a file that is not there: reading makes none.

    `may_be_made` is for a command that writes, and then only where the environment names the file.
    """
    url = settings.database.database_url
    if not url.startswith("file:") or (may_be_made and DATABASE in os.environ):
        return
    path = Path(urlsplit(url).path)
    if not path.exists():
        fail(f"There is no database {short_path(path)}. `audioprep dev` starts a stack here; {DATABASE} names another.")


@asynccontextmanager
async def open_table(settings: "Settings") -> "AsyncIterator[JobTable]":
    from audioprep.bridge.database.database import open_database
    from audioprep.bridge.store.bulk import BulkStore
    from audioprep.bridge.store.identity import read_identity
    from audioprep.bridge.store.listing import JobLists
    from audioprep.bridge.store.outbox import OutboxWriter
    from audioprep.bridge.store.queue.pauses import PauseTable
    from audioprep.bridge.store.retention import RetentionStore
    from audioprep.bridge.store.service import ServiceTable
    from audioprep.bridge.store.store import JobStore
    from audioprep.bridge_options import webhook_choice
    from audioprep.extension import served_types

    require_database(settings)
    choice = webhook_choice(settings)
    async with open_database(settings.database.database_url, settings.database.token) as database:
        store = JobStore(database, served_types(settings).names, OutboxWriter(choice) if choice else None)
        identity = await read_identity(database, settings.database.database_url)
        table_id = identity.table_id if identity else ""
        service = ServiceTable(database, used=settings.bridge.liveness_interval > 0)
        bulk, retention = BulkStore(database), RetentionStore(database)
        yield JobTable(database, store, JobLists(database), bulk, retention, service, PauseTable(database), table_id)


def link_to(settings: "Settings", job: "Job", table_id: str) -> str:
    """The page of the job in Temporal's UI; empty for a job that no workflow ran for, or without a known UI."""
    from audioprep.jobs.status import JobStatus

    claimed = job.status.is_final or job.status == JobStatus.PROCESSING
    return link_when_claimed(settings, job.job_id, table_id) if claimed else ""


def link_when_claimed(settings: "Settings", job_id: str, table_id: str) -> str:
    """The page that the job will have; empty without a known UI."""
    from audioprep.jobs.request import workflow_id_for
    from audioprep.temporal.links import workflow_link

    return workflow_link(settings, workflow_id_for(job_id, table_id))


async def open_client() -> "TemporalClient":
    """Raises RuntimeError, with what to type, when Temporal cannot be reached."""
    from audioprep.temporal.connection import connect

    try:
        return await connect()
    except RuntimeError as error:
        raise RuntimeError("Temporal cannot be reached; `audioprep check` says where it was looked for.") from error
