"""What Prometheus is told of children: each one's own CPU time, also when several run at once."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from temporalio import activity
from temporalio.runtime import MetricBuffer, MetricBufferDurationFormat, Runtime, TelemetryConfig
from temporalio.testing import ActivityEnvironment

from audioprep.activities.process import supervisor as process
from audioprep.activities.process.limits import MB, ChildLimits
from audioprep.activities.process.supervisor import child_process
from audioprep.jobs.errors import JobError

_BUSY = "import time\nwhile time.process_time() < {}: pass"
_WITH_A_CHILD = "import subprocess, sys; subprocess.run([sys.executable, '-c', sys.argv[1]])"


async def _run(folder: Path, *arguments: str) -> int:
    async with child_process([sys.executable, "-c", *arguments], cwd=folder) as child:
        return await child.wait()


async def test_each_of_several_children_is_told_its_own_cpu_time(tmp_path: Path) -> None:
    asked = [0.1, 0.3, 0.5]
    runs = [(_BUSY.format(seconds),) for seconds in asked] + [(_WITH_A_CHILD, _BUSY.format(0.7))]

    counted = await _counted(lambda: asyncio.gather(*(_run(tmp_path, *run) for run in runs)))

    used = sorted(value for name, value, _ in counted if name == "audioprep_child_cpu")
    assert all(0 <= got - wanted < 0.18 for got, wanted in zip(used, [*asked, 0.7], strict=True)), used


async def test_every_way_to_end_has_its_own_outcome(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "TERM_GRACE", 0.3)
    limits = ChildLimits(cpu_seconds=60, memory=200 * MB, file_size=0)

    async def run_all() -> None:
        await _run(tmp_path, "pass")
        await _run(tmp_path, "raise SystemExit(3)")
        await _run(tmp_path, "import os; os.kill(os.getpid(), 9)")
        await _quietly(tmp_path, "import signal; signal.pause()", stall_timeout=0.3)
        await _quietly(tmp_path, "open('x', 'wb', 0).write(b'x')", limits=limits)
        async with child_process([sys.executable, "-c", "import signal; signal.pause()"], cwd=tmp_path):
            pass  # it has said enough

    counted = await _counted(run_all)

    runs = [tags["outcome"] for name, _, tags in counted if name == "audioprep_child_runs"]
    assert runs == ["ok", "failed", "killed", "stalled", "limited", "stopped"]
    assert {tags["program"] for _, _, tags in counted} == {Path(sys.executable).name}


async def _quietly(folder: Path, code: str, stall_timeout: float = 60, limits: ChildLimits | None = None) -> None:
    command = [sys.executable, "-c", code]
    try:
        async with child_process(command, cwd=folder, stall_timeout=stall_timeout, limits=limits) as child:
            await child.wait()
    except JobError:
        return


async def _counted(run: Callable[[], Awaitable[Any]]) -> list[tuple[str, float, dict[str, Any]]]:
    """What an activity that does this counts: name, value and labels of each update."""
    buffer = MetricBuffer(1000, MetricBufferDurationFormat.SECONDS)
    runtime = Runtime(telemetry=TelemetryConfig(metrics=buffer))
    environment = ActivityEnvironment()
    environment.metric_meter = runtime.metric_meter

    @activity.defn
    async def step() -> None:
        await run()

    await environment.run(step)
    return [(each.metric.name, each.value, dict(each.attributes)) for each in buffer.retrieve_updates()]
