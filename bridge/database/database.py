"""Opening the database: a local file, or a libSQL server over HTTP."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from libsql_client import Client

from audioprep.bridge.database.file_client import FileClient
from audioprep.bridge.database.pipeline_client import MAX_CALLS, PipelineClient, SharedConnections

REMOTE_SCHEMES = ("libsql", "https", "http", "wss", "ws")


@asynccontextmanager
async def open_database(
    url: str,
    auth_token: str | None = None,
    max_calls: int = MAX_CALLS,
    connections: SharedConnections | None = None,
) -> AsyncIterator[Client]:
    """A client for `file:PATH`, or for `libsql:`, `https:` and `http:` through `/v2/pipeline`, `max_calls` at once.

    Raises ValueError for any other URL. Calls raise the errors of `database_errors`.
    """
    scheme = url.partition(":")[0].lower()
    client: Client
    if scheme == "file":
        client = FileClient(url)
    elif scheme in REMOTE_SCHEMES:
        client = PipelineClient(url, auth_token, max_calls, connections)
    else:
        raise ValueError("TURSO_DATABASE_URL: expected file:, libsql:, https: or http:")
    try:
        yield client
    finally:
        await client.close()
