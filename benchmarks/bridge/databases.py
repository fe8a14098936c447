"""One bridge for a thousand databases: what they cost while idle, and how soon a row is picked up."""

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import psutil

from audioprep.http.endpoints import WAKE_HEADER
from benchmarks.figures import median
from benchmarks.measurement import Measurement, Row, at_most
from tests.support import processes
from tests.support.carried import CARRIED, carriers
from tests.support.namespaces import Namespaces, namespaces
from tests.support.processes import Program
from tests.support.serving import ROUTED
from tests.support.waiting import eventually
from tests.support.webapp import WebApp

_QUEUE = "carriers"
_SECRET = "wake up"  # noqa: S105 - made up
_FROZEN, _REFUSED = "db-0", "db-1"


@dataclass
class _Bridge:
    """The bridge as a process, and the databases that it serves."""

    program: Program
    port: int
    databases: Namespaces
    names: list[str]

    async def figures(self) -> dict[str, float]:
        async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{self.port}/metrics") as answer:
            text = await answer.text()
        return {name: float(value) for name, value in re.findall(r"^(audioprep\S+) ([\d.e+-]+)$", text, re.MULTILINE)}

    async def wake(self, name: str) -> None:
        url = f"http://127.0.0.1:{self.port}/wake?database={name}"
        async with aiohttp.ClientSession() as session, session.post(url, headers={WAKE_HEADER: _SECRET}) as answer:
            assert answer.status == 202, await answer.text()

    async def pickup(self, name: str, *, wake: bool, within: float) -> float:
        """Seconds from the INSERT to the claim."""
        app = WebApp(self.databases.url(name))
        job = await app.submit(ROUTED, {})
        began = time.monotonic()
        if wake:
            await self.wake(name)
        await app.until(job, "processing", "complete", within=within)
        took = time.monotonic() - began
        assert (await app.finished(job))["status"] == "complete"
        return took

    @property
    def cpu_seconds(self) -> float:
        used = psutil.Process(self.program.pid).cpu_times()
        return used.user + used.system

    @property
    def megabytes(self) -> float:
        return psutil.Process(self.program.pid).memory_info().rss / 1e6


async def run(folder: Path, quick: bool) -> Sequence[Row]:
    count, idle_max = (40, 5.0) if quick else (1000, 60.0)
    async with _bridge(folder, count, idle_max) as bridge:
        opened = await _until_served(bridge, count - 2)
        await asyncio.sleep(3 * idle_max)  # until each is polled as seldom as it may be
        before, requests, began = await bridge.figures(), bridge.databases.requests.total(), time.monotonic()
        cpu = bridge.cpu_seconds
        await asyncio.sleep(idle_max)
        seconds = time.monotonic() - began
        after, per_second = await bridge.figures(), (bridge.databases.requests.total() - requests) / seconds
        cpu_ms = 1000 * (bridge.cpu_seconds - cpu) / max(per_second * seconds, 1)
        rows = (_rows(after) - _rows(before)) / seconds
        some = bridge.names[2 :: max(len(bridge.names) // 10, 1)][:10]
        woken = [await bridge.pickup(name, wake=True, within=30) for name in some]
        unwoken = await bridge.pickup(bridge.names[-1], wake=False, within=2 * idle_max)
        return [
            at_most(f"memory of the bridge, {count} databases", bridge.megabytes, 400, "MB", digits=0),
            Row("seconds until all are open, but for one frozen and one that answers 401", f"{opened:.0f}"),
            at_most("idle: requests a second to all of them", per_second, 1.4 * count / idle_max, "/s", digits=1,
                    compared=f"{count / 3:.0f} /s at a fixed interval of 3 s"),
            Row("idle: CPU of the bridge for a poll, and all else it does", f"{cpu_ms:.1f} ms"),
            at_most("idle: rows read and written a second", rows, 2, "/s"),
            at_most("pick-up after /wake, median", median(woken), 0.5, "s", compared=f"slowest {max(woken):.2f} s"),
            at_most("pick-up without it, after long idleness", unwoken, idle_max + 2, "s", digits=1),
            Row("databases away, as the metrics say", f"{after['audioprep_databases_away']:.0f}", goal="2",
                reached=after["audioprep_databases_away"] == 2),
        ]  # fmt: skip


def _rows(figures: dict[str, float]) -> float:
    return sum(value for name, value in figures.items() if name.startswith("audioprep_database_rows_total"))


async def _until_served(bridge: _Bridge, count: int) -> float:
    began = time.monotonic()

    async def served() -> bool:
        if bridge.program.running.poll() is not None:
            raise AssertionError(bridge.program.said()[-2000:])
        found = await bridge.figures()
        return found.get("audioprep_databases", 0) - found.get("audioprep_databases_away", 0) >= count

    await eventually(served, within=600, what="all databases served")
    return time.monotonic() - began


@asynccontextmanager
async def _bridge(folder: Path, count: int, idle_max: float) -> AsyncIterator[_Bridge]:
    names = [f"db-{number}" for number in range(count)]
    temporal, address, ui = processes.temporal(folder)
    with processes.running(temporal):
        await asyncio.to_thread(processes.wait_for_http, ui, temporal, 60)
        async with namespaces(folder) as databases:
            await databases.create(names)
            databases.frozen.add(_FROZEN)
            databases.refused.add(_REFUSED)
            port = processes.free_port()
            listed = folder / "databases.txt"
            lines = "\n".join(f"{databases.url(name)} name={name}" for name in names)
            await asyncio.to_thread(listed.write_text, lines)
            environment = {
                "AUDIOPREP_DATABASES": str(listed),
                "AUDIOPREP_IDLE_MAX": str(idle_max),
                "AUDIOPREP_HTTP_PORT": str(port),
                "AUDIOPREP_WAKE_SECRET": _SECRET,
                "AUDIOPREP_ROUTES": json.dumps({ROUTED: f"{CARRIED}@{_QUEUE}"}),
                "TEMPORAL_ADDRESS": address,
            }
            program = processes.audioprep("bridge", folder / "bridge.log", environment)
            with processes.running(program):
                await asyncio.to_thread(processes.wait_for_http, f"http://127.0.0.1:{port}/healthz", program)
                async with carriers(address, _QUEUE):
                    yield _Bridge(program, port, databases, names)


MEASUREMENT = Measurement(
    "databases",
    "One bridge for a thousand databases",
    "Namespaces of one libSQL server, one frozen and one that answers 401; one bridge as a process of its own."
    " Idle figures over a minute, after three minutes without a row; pick-up of ten databases, from INSERT to claim.",
    run,
)
