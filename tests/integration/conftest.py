"""Parts of audioprep on the real things they touch, without a Temporal server."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from libsql_client import Client

from audioprep.bridge.database.database import open_database
from audioprep.bridge.store.store import JobStore
from tests.support.activities import Studio


@pytest.fixture
def studio(tmp_path: Path) -> Studio:
    return Studio(tmp_path / "studio")


@pytest.fixture(params=["file", "pipeline"])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Client]:
    """A migrated table, in a file and behind a libSQL server: the test runs on both."""
    url = f"file:{tmp_path / 'jobs.db'}" if request.param == "file" else request.getfixturevalue("sqld_url")
    async with open_database(url) as client:
        await JobStore(client).migrate()
        yield client
