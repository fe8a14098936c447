"""Real servers for every test. A missing one fails the test and says what to do; nothing is skipped."""

import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter

from audioprep.activities.storage.store import Storage
from tests.support import processes
from tests.support.deployment import Deployment
from tests.support.s3 import S3Server, seaweedfs
from tests.support.storage import StoragePlace, local_place
from tests.support.webapp import WebApp


def pytest_configure() -> None:
    """A suite in the background of a shell has SIGINT ignored, and so would every program that it starts."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@dataclass(frozen=True)
class TemporalServer:
    address: str
    ui_url: str


@pytest.fixture(scope="session")
def temporal_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TemporalServer]:
    """One Temporal server per test process; tests keep apart by task queue and job id."""
    program, address, ui_url = processes.temporal(tmp_path_factory.mktemp("temporal"))
    with processes.running(program):
        processes.wait_for_http(ui_url, program)
        yield TemporalServer(address, ui_url)


@pytest.fixture
async def temporal(temporal_server: TemporalServer) -> Client:
    return await Client.connect(temporal_server.address, data_converter=pydantic_data_converter)


@pytest.fixture
def sqld_url(tmp_path: Path) -> Iterator[str]:
    """A libSQL server of the test's own."""
    program, url = processes.sqld(tmp_path)
    with processes.running(program):
        processes.wait_for_http(f"{url}/health", program)
        yield url


@pytest.fixture
def app(sqld_url: str) -> WebApp:
    """The web app's side of the test's own database, which has no table yet."""
    return WebApp(sqld_url)


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """One S3 server per test process, started by the first test that needs it; tests keep apart by prefix."""
    program, server = seaweedfs(tmp_path_factory.mktemp("s3"))
    with processes.running(program):
        server.wait_until_ready(program)
        yield server


@pytest.fixture
def s3_place(s3_server: S3Server) -> StoragePlace:
    """A part of a bucket that is the test's own."""
    return s3_server.place()


@pytest.fixture(params=["local", "s3"])
def storage_place(request: pytest.FixtureRequest, tmp_path: Path) -> StoragePlace:
    """Runs the test twice: on a folder and on the S3 server."""
    if request.param == "local":
        return local_place(tmp_path / "storage")
    place: StoragePlace = request.getfixturevalue("s3_place")
    return place


@pytest.fixture
def storage(storage_place: StoragePlace, monkeypatch: pytest.MonkeyPatch) -> Storage:
    """Our own storage on `storage_place`."""
    for name, value in storage_place.env.items():
        monkeypatch.setenv(name, value)
    return Storage.open(storage_place.url)


@pytest.fixture
def deployment(
    request: pytest.FixtureRequest, tmp_path: Path, sqld_url: str, temporal_server: TemporalServer
) -> Iterator[Deployment]:
    """Nothing of ours runs yet: the test starts the roles it needs.

    On local storage, unless the test asks for `storage_place` (both, one after the other) or `s3_place` as well, or
    `make test STORAGE=s3` asks for all.
    """
    asked = next((name for name in ("storage_place", "s3_place") if name in request.fixturenames), None)
    if asked is None and os.environ.get("STORAGE") == "s3":
        asked = "s3_place"
    place: StoragePlace = request.getfixturevalue(asked) if asked else local_place(tmp_path / "storage")
    deployed = Deployment(tmp_path, sqld_url, temporal_server.address, place)
    try:
        yield deployed
    finally:
        deployed.stop()
