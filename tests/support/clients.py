"""The TypeScript client's own programs and tests, run with Node on a database of the test's."""

import asyncio
import json
import os
from pathlib import Path
from typing import Any

from tests.support.processes import ROOT

TYPESCRIPT = ROOT / "clients" / "typescript"


async def run_node(folder: Path, *arguments: str, within: float = 240, **env: str) -> str:
    """Run Node in `folder` to its end; what it prints. A code other than 0 fails with all that it said."""
    assert (TYPESCRIPT / "node_modules" / "typescript").exists(), "the packages are missing: run `make test`"
    process = await asyncio.create_subprocess_exec(
        "node", *arguments, cwd=folder, env={**os.environ, **env}, stdout=-1, stderr=-1
    )
    try:
        out, err = await asyncio.wait_for(process.communicate(), within)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0, f"{out.decode()[-6000:]}\n{err.decode()[-3000:]}"
    return out.decode()


async def run_contract_in_node(trace: Path, database_url: str, driver: str, storage: Path | None = None) -> Any:
    """`test/contract.test.ts`; with `storage`, the bridge is the fake of the package itself."""
    env = {"DATABASE_URL": database_url, "DRIVER": driver, "TRACE": str(trace)}
    fake = {"FAKE_STORAGE": str(storage)} if storage else {}
    await run_node(TYPESCRIPT, "--import", "tsx", "--test", "test/contract.test.ts", **env, **fake)
    return json.loads(trace.read_text())
