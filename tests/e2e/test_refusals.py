"""Temporal refuses the worker's key in mid-run, or does not answer when roles are told to stop."""

import asyncio
import json
import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from temporalio.client import Client

from tests.conftest import TemporalServer
from tests.support import processes
from tests.support.audio import make_audio
from tests.support.children import child_of, until_gone
from tests.support.deployment import Deployment
from tests.support.fake_programs import deaf_ffmpeg, slow_ffmpeg
from tests.support.grpc_proxy import GrpcProxy, grpc_proxy
from tests.support.pollers import until_polling
from tests.support.processes import Program
from tests.support.storage import local_place
from tests.support.waiting import eventually

INGEST = {"sourceType": "audio_file", "storageKey": "uploads/tone.mp3"}
REFUSALS = {
    "UNAUTHENTICATED": ("Jwt is expired", "check TEMPORAL_API_KEY"),
    "PERMISSION_DENIED": ("Request unauthorized.", "check TEMPORAL_API_KEY and TEMPORAL_NAMESPACE"),
    "FAILED_PRECONDITION": ("Namespace is active in another cluster", "check TEMPORAL_ADDRESS"),
}


@pytest.fixture
async def proxy(temporal_server: TemporalServer) -> AsyncIterator[GrpcProxy]:
    async with grpc_proxy(temporal_server.address) as proxy:
        yield proxy


@pytest.fixture
async def proxied(deployment: Deployment, proxy: GrpcProxy, tmp_path: Path) -> Deployment:
    """A deployment whose way to Temporal is the proxy; its jobs take some seconds."""
    deployment.temporal_address = proxy.address
    deployment.extra["PATH"] = slow_ffmpeg(tmp_path / "bin", speed=2)
    deployment.upload(make_audio(tmp_path / "tone.mp3", 4), "uploads/tone.mp3")
    await deployment.migrate()
    return deployment


def events(program: Program, name: str) -> list[dict[str, Any]]:
    """The log lines with this event. A line that is no JSON fails the test."""
    return [line for line in map(json.loads, program.said().splitlines()) if line["event"] == name]


async def until_ready(port: int, status: int, says: str = "") -> None:
    async def check() -> bool:
        async with aiohttp.ClientSession() as session:
            try:
                async with session.get(f"http://127.0.0.1:{port}/readyz") as response:
                    return response.status == status and says in await response.text()
            except aiohttp.ClientError:
                return False

    await eventually(check, within=40, what=f"/readyz {status} {says!r}")


@pytest.mark.parametrize("code", REFUSALS)
async def test_a_refused_worker_waits_and_goes_on(
    proxied: Deployment, proxy: GrpcProxy, temporal: Client, code: str
) -> None:
    message, advice = REFUSALS[code]
    port = processes.free_port()
    proxied.start("bridge")
    worker = proxied.start("worker", AUDIOPREP_HTTP_PORT=str(port))
    await until_polling(temporal, proxied.task_queue, worker)

    proxy.refuse(code, message)
    await until_ready(port, 503, advice)
    proxy.accept()

    await until_ready(port, 200)
    row = await proxied.app.finished(await proxied.app.submit("ingest", INGEST))
    (refused,) = events(worker, "worker_refused")
    assert row["status"] == "complete", row
    assert message in refused["error"]
    assert worker.running.poll() is None


@pytest.fixture
def freezable(tmp_path: Path, sqld_url: str) -> Iterator[tuple[Deployment, Program]]:
    """A deployment with a Temporal server of its own, which may be frozen."""
    server, address, ui_url = processes.temporal(tmp_path)
    with processes.running(server):
        processes.wait_for_http(ui_url, server)
        deployed = Deployment(tmp_path, sqld_url, address, local_place(tmp_path / "storage"))
        try:
            yield deployed, server
        finally:
            server.signal(signal.SIGCONT)
            deployed.stop()


@pytest.mark.parametrize("role", ["worker", "bridge", "serve"])
async def test_sigterm_ends_an_idle_role_in_10_s_without_temporal(
    freezable: tuple[Deployment, Program], role: str
) -> None:
    deployment, server = freezable
    await deployment.migrate()
    port = processes.free_port()
    program = deployment.start(role, AUDIOPREP_HTTP_PORT=str(port))
    await until_ready(port, 200)

    server.signal(signal.SIGSTOP)

    assert await _ended(program) == 0


async def test_sigterm_ends_a_working_worker_in_10_s_without_temporal(
    freezable: tuple[Deployment, Program], tmp_path: Path
) -> None:
    deployment, server = freezable
    await deployment.migrate()
    deployment.extra["PATH"] = deaf_ffmpeg(tmp_path / "bin")
    deployment.upload(make_audio(tmp_path / "tone.mp3", 4), "uploads/tone.mp3")
    worker = deployment.start("serve")
    await deployment.app.submit("ingest", INGEST)
    child = await child_of(worker.pid, "bin/ffmpeg")

    server.signal(signal.SIGSTOP)

    assert await _ended(worker) == 0
    await until_gone(child, within=1)
    assert list((tmp_path / "work" / "scratch").iterdir()) == []


async def _ended(program: Program) -> int:
    """The exit code after SIGTERM, which docs/operations.md promises within 10 s."""
    program.running.terminate()
    return await asyncio.to_thread(program.running.wait, 10)
