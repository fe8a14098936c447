"""What we install is named by version and hash, and an audit says what it found."""

import asyncio
import json
import os
import re
import shutil
import tomllib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web

from tests.support.processes import free_port

ROOT = Path(__file__).parents[2]


def test_every_python_package_is_locked_by_hash_from_the_index() -> None:
    packages = tomllib.loads((ROOT / "uv.lock").read_text("utf-8"))["package"]
    others = [package for package in packages if package["source"] != {"editable": "."}]

    assert len(others) > 50
    for package in others:
        assert package["source"] == {"registry": "https://pypi.org/simple"}, package["name"]
        files = [*package.get("wheels", []), *([package["sdist"]] if "sdist" in package else [])]
        assert files, package["name"]
        assert all(file["hash"].startswith("sha256:") for file in files), package["name"]


def test_every_node_package_is_locked_by_hash() -> None:
    packages = json.loads((ROOT / "package-lock.json").read_text("utf-8"))["packages"]

    assert [path for path, package in packages.items() if path and not package["integrity"].startswith("sha512-")] == []


def test_what_builds_the_image_takes_the_lock_as_it_is() -> None:
    installs = [line for line in (ROOT / "Dockerfile").read_text("utf-8").splitlines() if "uv sync" in line]

    assert len(installs) == 2
    assert all("--frozen --no-dev" in line for line in installs)


@pytest.mark.parametrize("file", ["Dockerfile", "Makefile"])
def test_uv_itself_is_installed_by_hash(file: str) -> None:
    lines = (ROOT / file).read_text("utf-8").splitlines()
    pins = (ROOT / "scripts/uv.txt").read_text("utf-8")

    installs = [line for line in lines if "pip install" in line and "uv pip install" not in line]
    assert len(installs) == 1
    assert "--require-hashes" in installs[0]
    assert re.findall(r"^[\w-]+==\S+", pins, re.MULTILINE) == re.findall(r"^uv==\d+\.\d+\.\d+", pins, re.MULTILINE)
    assert len(re.findall(r"--hash=sha256:[0-9a-f]{64}\b", pins)) >= 5


@pytest.fixture
async def osv() -> AsyncIterator[str]:
    """A vulnerability service that knows one fault, in aiohttp."""
    fault = {"id": "OSV-1", "modified": "2026-01-01T00:00:00Z", "summary": "a known fault"}

    async def query(request: web.Request) -> web.Response:
        names = [asked["package"]["name"] for asked in (await request.json())["queries"]]
        return web.json_response({"results": [{"vulns": [fault]} if name == "aiohttp" else {} for name in names]})

    async def detail(_: web.Request) -> web.Response:
        return web.json_response(fault | {"affected": []})

    app = web.Application()
    app.add_routes([web.post("/v1/querybatch", query), web.get("/v1/vulns/OSV-1", detail)])
    runner = web.AppRunner(app)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    yield f"http://127.0.0.1:{port}"
    await runner.cleanup()


async def test_a_known_vulnerability_fails_the_audit(osv: str) -> None:
    code, said = await _audit(osv)

    assert code == 1, said
    assert "aiohttp" in said
    assert "a known fault" in said


async def test_an_audit_that_cannot_ask_says_so() -> None:
    code, said = await _audit(f"http://127.0.0.1:{free_port()}")

    assert code == 0, said
    assert "Not audited" in said


async def _audit(service: str) -> tuple[int | None, str]:
    uv = shutil.which("uv") or str(ROOT / ".tools/uv/bin/uv")
    env = {**os.environ, "OSV_URL": service, "UV": uv, "UV_HTTP_RETRIES": "0"}
    audit = await asyncio.create_subprocess_exec(
        ROOT / "scripts/audit", env=env, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    said = (await asyncio.wait_for(audit.communicate(), 60))[0].decode()
    return audit.returncode, said
