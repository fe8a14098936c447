"""Connections of a command: the jobs table, and Temporal."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from audioprep.cli.console import fail

if TYPE_CHECKING:
    from audioprep.bridge.store.listing import JobLists
    from audioprep.bridge.store.retention import RetentionStore
    from audioprep.bridge.store.store import JobStore
    from audioprep.jobs.job import Job
    from audioprep.settings import Settings


@dataclass(frozen=True, slots=True)
class JobTable:
    """Single rows, many at a time, and old ones. `table_id` is empty for a table that no bridge has served yet."""

    rows: "JobStore"
    lists: "JobLists"
    retention: "RetentionStore"
    table_id: str

    async def find(self, job_id: str) -> "Job":
        """The row, or the end of the command."""
        job = await self.rows.get(job_id)
        return job or fail(f"There is no job {job_id}; `audioprep jobs` lists the newest.")

    async def find_all(self, job_ids: list[str]) -> "list[Job]":
        """The rows in the order asked for, or the end of the command, naming the first that is not there."""
        jobs = await self.lists.get_all(job_ids)
        for missing in [job_id for job_id in job_ids if job_id not in {job.job_id for job in jobs}]:
            fail(f"There is no job {missing}; `audioprep jobs` lists the newest.")
        return jobs


@asynccontextmanager
async def open_table(settings: "Settings") -> "AsyncIterator[JobTable]":
    from audioprep.bridge.store.database import open_database
    from audioprep.bridge.store.identity import read_identity
    from audioprep.bridge.store.listing import JobLists
    from audioprep.bridge.store.outbox import OutboxWriter
    from audioprep.bridge.store.retention import RetentionStore
    from audioprep.bridge.store.store import JobStore
    from audioprep.bridge_options import webhook_choice
    from audioprep.extension import served_types

    choice = webhook_choice(settings)
    async with open_database(settings.database.database_url, settings.database.token) as database:
        store = JobStore(database, served_types(settings).names, OutboxWriter(choice) if choice else None)
        identity = await read_identity(database, settings.database.database_url)
        table_id = identity.table_id if identity else ""
        yield JobTable(store, JobLists(database), RetentionStore(database), table_id)


if TYPE_CHECKING:
    from temporalio.client import Client


async def open_client() -> "Client":
    """Raises RuntimeError, with what to type, when Temporal cannot be reached."""
    from audioprep.temporal.connection import connect

    try:
        return await connect()
    except RuntimeError as error:
        raise RuntimeError("Temporal cannot be reached; `audioprep check` says where it was looked for.") from error
