"""Check of storage: write, read and delete a small object."""

import asyncio
import uuid

from audioprep.activities.storage.store import Storage
from audioprep.jobs.errors import ErrorKind, PermanentError
from audioprep.jobs.keys import ContentType
from audioprep.jobs.text.redaction import scrub
from audioprep.settings import Settings

_PROBE_KEY = "audioprep-check"


async def check_storage(settings: Settings) -> str:
    return await probe_storage(settings.storage.storage_url)


async def probe_storage(url: str) -> str:
    """Write, read and remove a small object, as a worker would. Raises JobError or ValueError that says what to do."""
    storage = await asyncio.to_thread(Storage.open, url)
    key = f"{_PROBE_KEY}/{uuid.uuid4()}"
    try:
        await storage.stat(key)  # first, since only reading tells a missing bucket from a forbidden one
    except PermanentError as error:
        if error.kind is not ErrorKind.SOURCE_MISSING:
            raise
    await storage.write(key, b"{}", ContentType.JSON)
    await storage.stat(key)
    await storage.delete(key)
    return f"{scrub(url)} can be read and written"
