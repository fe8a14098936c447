"""A worker that the SDK gave up is made anew, with back-off and a red light meanwhile."""

import asyncio
import uuid
from pathlib import Path

import pytest
from temporalio.client import Client

from audioprep.plugin import AudioPrepPlugin
from audioprep.service.health import Health
from audioprep.settings import Settings
from audioprep.worker.supervisor import WorkerSupervisor
from tests.conftest import TemporalServer
from tests.support.grpc_proxy import grpc_proxy
from tests.support.pollers import pollers_of
from tests.support.waiting import eventually


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("AUDIOPREP_TASK_QUEUE", f"test-{uuid.uuid4()}")
    monkeypatch.setenv("AUDIOPREP_STORAGE_URL", f"file:{tmp_path / 'storage'}")
    monkeypatch.setenv("AUDIOPREP_WORK_DIR", str(tmp_path / "work"))
    return Settings()


async def test_a_worker_that_a_refusal_ended_is_made_anew(
    settings: Settings, temporal_server: TemporalServer, temporal: Client
) -> None:
    health = Health()
    async with grpc_proxy(temporal_server.address) as proxy:

        async def connect() -> Client:
            """Accepted here, so that it is the worker itself that is refused."""
            refused_before = proxy.refusal
            proxy.accept()
            client = await Client.connect(proxy.address, plugins=[AudioPrepPlugin(settings)])
            if refused_before:
                proxy.refuse(*refused_before)
            return client

        proxy.refuse("PERMISSION_DENIED", "Request unauthorized.")
        supervisor = WorkerSupervisor(connect, settings, health.watch_once("worker"))
        running = asyncio.create_task(supervisor.run())

        async def refused() -> bool:
            assert not running.done(), running.exception()
            return "check TEMPORAL_API_KEY" in str(health.unready())

        async def polls() -> bool:
            assert not running.done(), running.exception()
            return bool(await pollers_of(temporal, settings.temporal.task_queue)) and not health.unready()

        await eventually(refused, what="a red light that says what to check")
        proxy.accept()
        await eventually(polls, what="polls of a new worker")
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running


async def test_a_fault_that_is_no_refusal_ends_the_role(settings: Settings) -> None:
    """A client that never connects has no worker; what it raises is not waited for."""

    async def connect() -> Client:
        raise ValueError("wrong configuration")

    supervisor = WorkerSupervisor(connect, settings, Health().watch_once("worker"))

    with pytest.raises(ValueError, match="wrong configuration"):
        await supervisor.run()
