"""A table that other programs share: their rows cost nothing and are left as they are."""

import asyncio
import uuid
from pathlib import Path

import pytest
from temporalio.client import Client

from audioprep.bridge import Bridge, BridgeOptions
from audioprep.bridge.services.claimer import Claimer
from audioprep.bridge.services.orphans import OrphanSweeper
from benchmarks.counters import counters
from tests.conftest import TemporalServer
from tests.support import processes
from tests.support.carried import CARRIED, carriers
from tests.support.foreign import changed_foreign, insert_foreign, remember_foreign
from tests.support.processes import free_ports
from tests.support.waiting import eventually
from tests.support.webapp import WebApp

_DEFAULTS = BridgeOptions()
_FASTER = 3_000.0  # times as often as with the defaults: an hour's work in a few seconds
_UNCOUNTED = 2  # polls under way while the counters are read
_POLLS = 3600 / _DEFAULTS.idle_interval
_STRAYS = 3600 / _DEFAULTS.orphans_interval


async def test_an_hour_beside_foreign_rows_changes_and_reads_none(
    temporal_server: TemporalServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many polls, sweeps and searches for orphans as in an hour, over rows that were stale from the beginning."""
    port, admin_port = free_ports(2)
    program, url = processes.sqld(tmp_path, port, admin_port)
    queue = f"foreign-{uuid.uuid4()}"
    with processes.running(program):
        processes.wait_for_http(f"{url}/health", program)
        app, client = WebApp(url), await Client.connect(temporal_server.address)
        async with Bridge.open(url, client, _options(queue)) as bridge, carriers(temporal_server.address, queue):
            await insert_foreign(app, pending=100_000, processing=1_000, cancelled=1_000)
            foreign = await remember_foreign(app)
            runs = _count_runs(monkeypatch)
            before = counters(f"http://127.0.0.1:{admin_port}")
            serving = asyncio.create_task(bridge.run())
            await eventually(lambda: _hour(runs), within=60, what="an hour's polls")
            spent, polls = counters(f"http://127.0.0.1:{admin_port}") - before, runs["claimer"]
            own = await app.finished(await app.submit("carried", {}))
            bridge.stop()
            await serving

        assert foreign == 102_000
        assert await changed_foreign(app) == 0
        # The server counts one row read for each request, also in an empty table.
        assert spent.read <= spent.requests <= polls + _UNCOUNTED
        assert spent.written == 0
        assert own["status"] == "complete"


def _options(queue: str) -> BridgeOptions:
    return BridgeOptions(
        task_queue=queue,
        liveness_interval=0,
        routes={"carried": CARRIED},
        idle_interval=_DEFAULTS.idle_interval / _FASTER,
        sweep_interval=_DEFAULTS.sweep_interval / _FASTER,
        orphans_interval=_DEFAULTS.orphans_interval / _FASTER,
        redrive_after=_DEFAULTS.redrive_after / _FASTER,
    )


def _count_runs(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """How often each service has run."""
    runs = {"claimer": 0, "orphans": 0}

    def counted(kind: type[Claimer] | type[OrphanSweeper]) -> None:
        run_once = kind.run_once

        async def run(self: Claimer | OrphanSweeper) -> None:
            await run_once(self)  # type: ignore[arg-type]
            runs[self.name] += 1

        monkeypatch.setattr(kind, "run_once", run)

    counted(Claimer)
    counted(OrphanSweeper)
    return runs


async def _hour(runs: dict[str, int]) -> bool:
    return runs["claimer"] >= _POLLS and runs["orphans"] >= _STRAYS
