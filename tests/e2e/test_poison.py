"""Rows that can never be jobs end with a sentence, and harm no other."""

import json
import uuid
from datetime import timedelta
from pathlib import Path

import pytest
from temporalio.client import Client, WorkflowExecutionStatus

from audioprep.bridge import decide
from audioprep.bridge.limits import LimitsByType
from audioprep.jobs.registry import JobLimits
from tests.conftest import TemporalServer
from tests.flood.__main__ import print_outcome
from tests.flood.run import READ_PER_ROW, run_flood
from tests.support.carried import CARRIED, carriers
from tests.support.serving import ROUTED, serving
from tests.support.webapp import WebApp


@pytest.mark.timeout(180)
async def test_poisoned_rows_fail_and_good_ones_complete(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    outcome = await run_flood(tmp_path, poisoned=60, good=8, within=120)

    with capsys.disabled():
        print_outcome(outcome)
    assert outcome.faults == []
    assert outcome.read <= READ_PER_ROW * (outcome.poisoned + outcome.good)


async def test_a_start_that_temporal_refuses_fails_the_row(
    temporal_server: TemporalServer, sqld_url: str, app: WebApp
) -> None:
    """A name that is longer than Temporal allows is refused as an invalid argument, however often it is asked."""
    queue, client = f"poison-{uuid.uuid4()}", await Client.connect(temporal_server.address)
    routes = {ROUTED: CARRIED, "refused": "W" * 2_000}
    async with (
        serving(sqld_url, client, queue, routes=routes, max_in_flight=1),
        carriers(temporal_server.address, queue),
    ):
        refused = await app.finished(await app.submit("refused", {}))
        good = await app.finished(await app.submit(ROUTED, {}))

    assert refused["status"] == "failed"
    assert "cannot be started: Temporal answered INVALID_ARGUMENT" in refused["error"]
    assert json.loads(refused["result"])["error"] == {"kind": "InvalidPayload", "retryable": False, "attempts": 0}
    assert good["status"] == "complete"


@pytest.mark.parametrize("result", ["bytes", "NaN", "an unknown encoding"])
async def test_a_result_that_is_not_json_fails_the_row(
    result: str, temporal_server: TemporalServer, sqld_url: str, app: WebApp
) -> None:
    queue, client = f"poison-{uuid.uuid4()}", await Client.connect(temporal_server.address)
    async with serving(sqld_url, client, queue), carriers(temporal_server.address, queue):
        row = await app.finished(await app.submit(ROUTED, {"result": result}))
        good = await app.finished(await app.submit(ROUTED, {}))

    assert (row["status"], row["error"]) == ("failed", "The job's workflow completed with a result that is not JSON.")
    assert json.loads(row["result"])["error"]["kind"] == "InvalidResult"
    assert (good["status"], json.loads(good["result"])) == ("complete", {"carried": True})


async def test_a_workflow_that_cannot_go_on_ends_after_its_time(
    temporal_server: TemporalServer, sqld_url: str, app: WebApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its task fails again and again, so that not even its own timer can end it; its slot is free again after that."""
    monkeypatch.setattr(decide, "_GRACE", timedelta(0))
    queue, client = f"poison-{uuid.uuid4()}", await Client.connect(temporal_server.address)
    limits = LimitsByType({}, JobLimits(timeout=timedelta(seconds=2)))
    async with (
        serving(sqld_url, client, queue, limits=limits, max_in_flight=1),
        carriers(temporal_server.address, queue),
    ):
        stuck = await app.submit(ROUTED, {"result": "an error in its code"})
        good = await app.submit(ROUTED, {})
        row = await app.finished(stuck)
        after = await app.finished(good)
        ended = await client.get_workflow_handle(await app.workflow_id(stuck)).describe()

    assert (row["status"], row["error"]) == ("failed", decide.STUCK_ERROR)
    assert json.loads(row["result"])["error"]["kind"] == "TimedOut"
    assert ended.status is WorkflowExecutionStatus.TERMINATED
    assert after["status"] == "complete"
