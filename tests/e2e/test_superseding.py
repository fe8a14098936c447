"""An editor that asks for a render at every move of a clip's edge: the newest runs, and nothing else."""

import json
import uuid

from temporalio.client import Client

from audioprep.jobs.text.hosts import fairness_key_of
from tests.support.carried import carriers
from tests.support.serving import ROUTED, serving
from tests.support.webapp import WebApp

RENDER = {"waits": True, "tenant": "studio", "supersedes": "preview:clip"}


async def test_of_twenty_requests_the_newest_one_runs(sqld_url: str, temporal: Client, app: WebApp) -> None:
    queue = f"test-{uuid.uuid4()}"
    options = {"max_in_flight": 1, "temporal_fairness": True}
    address = temporal.service_client.config.target_host
    async with serving(sqld_url, temporal, queue, **options), carriers(address, queue):
        first = await app.submit(ROUTED, RENDER)
        await app.until(first, "processing")
        older = [await app.submit(ROUTED, RENDER) for _ in range(18)]
        newest = await app.submit(ROUTED, RENDER)

        await app.until(newest, "processing")
        cancelled = [await app.acknowledged(job_id) for job_id in (first, *older)]

        assert {json.loads(row["result"])["error"]["kind"] for row in cancelled} == {"Superseded"}
        running = [run async for run in temporal.list_workflows(f"TaskQueue = '{queue}'")]
        handle = temporal.get_workflow_handle(await app.workflow_id(newest))
        priority = (await handle.describe()).raw_description.workflow_execution_info.priority
        assert priority.fairness_key == fairness_key_of("studio")
        await handle.signal("end")
        assert (await app.finished(newest))["status"] == "complete"
        assert len(running) <= len(older) + 2, "a job runs once"
