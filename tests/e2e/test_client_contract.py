"""The clients' contract: the same programs on a real bridge and on every fake one see the same."""

import asyncio
import shutil
import sqlite3
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import libsql
import pytest

from audioprep_client.testing import migrate, running_fake
from tests.support.audio import make_audio
from tests.support.clientcontract import run_contract
from tests.support.clients import run_contract_in_node
from tests.support.deployment import Deployment
from tests.support.processes import Program, running, sqld, wait_for_http
from tests.support.waiting import eventually


@pytest.mark.timeout(300)
async def test_no_fake_is_told_from_a_real_bridge(deployment: Deployment, tmp_path: Path) -> None:
    tone = make_audio(tmp_path / "tone.wav", 3)
    await deployment.migrate()
    deployment.upload(tone, "uploads/tone.wav")
    deployment.start("serve")

    real, *fakes = await asyncio.gather(
        _both(tmp_path / "real", deployment.database_url, lambda: libsql.connect(deployment.database_url)),
        _on_the_command(tmp_path, tone),
        _on_the_packages(tmp_path, tone),
    )

    assert real[0] == real[1], "the two clients, on the real bridge"
    for bridge in fakes:
        for name, seen in bridge.items():
            assert seen == real[0], name


async def _on_the_command(tmp_path: Path, tone: Path) -> dict[str, Any]:
    """`audioprep fake`, on a file."""
    folder = _folder(tmp_path / "command", tone)
    database = folder / "jobs.db"
    async with _fake_command(folder):
        typescript, python = await _both(folder, f"file:{database}", lambda: _file(database))
    return {"audioprep fake, TypeScript": typescript, "audioprep fake, Python": python}


async def _on_the_packages(tmp_path: Path, tone: Path) -> dict[str, Any]:
    """The fakes of the packages: on a libSQL server through Turso's serverless driver, on files through the others."""
    folders = {name: _folder(tmp_path / name, tone) for name in ("serverless", "synchronous", "python")}
    server, url = sqld(folders["serverless"])
    with running(server):
        wait_for_http(f"{url}/health", server)
        nodes = await asyncio.gather(
            _in_node(folders["serverless"], url, "serverless"),
            _in_node(folders["synchronous"], f"file:{folders['synchronous'] / 'jobs.db'}", "sync"),
        )
    database = folders["python"] / "jobs.db"
    migrate(_file(database))
    with running_fake(lambda: _file(database), folders["python"] / "storage"):
        python = await asyncio.to_thread(run_contract, lambda: _file(database))
    return {"testing of TypeScript, serverless": nodes[0], "testing of TypeScript, file": nodes[1], "Python": python}


async def _in_node(folder: Path, url: str, driver: str) -> Any:
    return await run_contract_in_node(folder / "trace.json", url, driver, folder / "storage")


async def _both(folder: Path, url: str, connect: Callable[[], Any]) -> list[Any]:
    """What both clients see of one bridge, at the same time."""
    folder.mkdir(exist_ok=True)
    seen = (run_contract_in_node(folder / "trace.json", url, "libsql"), asyncio.to_thread(run_contract, connect))
    return list(await asyncio.gather(*seen))


@asynccontextmanager
async def _fake_command(folder: Path) -> AsyncIterator[None]:
    argv = [sys.executable, "-m", "audioprep", "fake", "--folder", folder]
    program = Program(argv, folder / "fake.log")
    with running(program):

        async def made() -> bool:
            return "made up" in program.said()

        await eventually(made, within=60, what="the fake bridge")
        migrate(_file(folder / "jobs.db"))
        yield


def _folder(folder: Path, tone: Path) -> Path:
    """A folder with the upload in its storage."""
    uploads = folder / "storage" / "uploads"
    uploads.mkdir(parents=True)
    shutil.copy(tone, uploads / "tone.wav")
    return folder


def _file(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, timeout=10, check_same_thread=False)
