"""What a scrape of the bridge's metrics costs the database and Temporal."""

import re
from collections.abc import AsyncIterator

import pytest
from temporalio.client import Client

from audioprep.bridge.bridge import Bridge
from audioprep.bridge.database.database import open_database
from audioprep.bridge.database.pipeline_client import PipelineClient
from audioprep.bridge.store.identity import TableIdentity
from audioprep.bridge.store.store import JobStore

_INSERT = """
INSERT INTO audio_prep_jobs (jobId, type, status, progress, metadata, retryCount, createdAt, updatedAt)
WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 1000)
SELECT 'row-' || n, 'ingest', 'pending', 0, '{}', 0, '2026-01-31T12:00:00.000Z', '2026-01-31T12:00:00.000Z' FROM numbers
"""


@pytest.fixture
async def database(sqld_url: str) -> AsyncIterator[PipelineClient]:
    async with open_database(sqld_url) as client:
        assert isinstance(client, PipelineClient)
        await JobStore(client).migrate()
        await client.execute(_INSERT)
        yield client


async def test_fifty_scrapes_of_a_long_queue_count_it_once(database: PipelineClient, temporal: Client) -> None:
    bridge = Bridge(database, temporal, identity=TableIdentity("0123456789ab"))
    before = database.rows.read

    texts = [(await bridge.metrics()).decode() for _ in range(50)]

    assert all(re.search(r"^audioprep_jobs_pending 1000.0$", text, re.MULTILINE) for text in texts)
    assert database.rows.read - before <= 1200
