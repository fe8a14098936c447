"""What features add to the rows that the database writes: nothing while they are off."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from benchmarks.counters import counters
from benchmarks.measurement import Measurement, Row
from benchmarks.stack import Stack, open_stack
from tests.support.processes import Program
from tests.support.receiver import open_receiver
from tests.support.waiting import eventually

_OFF = {"AUDIOPREP_LIVENESS_INTERVAL": "0"}
_WEBHOOK_ROWS = 2  # the entry, and its removal
_RETRY_ROWS = 1  # the mark on the row that failed: the new row is written like that of any job
_REPORTS_A_MINUTE = 5  # one at most in 15 s, and the first


async def run(folder: Path, quick: bool) -> Sequence[Row]:
    jobs, minute = (10, 10.0) if quick else (100, 60.0)
    async with open_stack(folder) as stack, open_receiver() as receiver:
        plain = await _written_for(stack, jobs, _OFF)
        entries = len(await stack.deployment.app.sql("SELECT 1 FROM audio_prep_outbox"))
        hooked = await _written_for(stack, jobs, {**_OFF, **receiver.env})
        retried, untouched = await _retried(stack, jobs)
        idle = await _written_while(stack, minute, jobs=0)
        busy = await _written_while(stack, minute, jobs=jobs) - jobs * plain
        off = len(await stack.deployment.app.sql("SELECT 1 FROM audio_prep_service")) - 2
    added = hooked - plain
    return [
        Row("rows written for a job that is refused, all features off", f"{plain:.1f}"),
        Row("added by webhooks", f"{added:.1f}", "", None, f"at most {_WEBHOOK_ROWS}", added <= _WEBHOOK_ROWS),
        Row("entries of the outbox while webhooks are off", str(entries), goal="0", reached=entries == 0),
        Row(
            "added by `retry`, to the row that is tried again",
            f"{retried - plain:.1f}",
            "",
            None,
            f"at most {_RETRY_ROWS}",
            retried - plain <= _RETRY_ROWS,
        ),
        Row("rows that bear marks of a retry without one", str(untouched), goal="0", reached=not untouched),
        _report(f"added by liveness in {minute:.0f} s without a job", idle),
        _report(f"added by liveness in {minute:.0f} s with {jobs} jobs", busy),
        Row("reports of bridges with liveness off", str(off), goal="0", reached=off == 0),
    ]


def _report(what: str, rows: float) -> Row:
    return Row(what, f"{rows:.0f}", "", None, f"at most {_REPORTS_A_MINUTE}", rows <= _REPORTS_A_MINUTE)


async def _written_for(stack: Stack, jobs: int, env: dict[str, str]) -> float:
    """Rows written for one of `jobs` jobs, from INSERT to end; the deliveries have begun."""
    bridge = await _bridge(stack, env)
    before = counters(stack.database_admin).written
    await _refused(stack, jobs)
    await _emptied(stack)
    written = counters(stack.database_admin).written - before
    bridge.stop()
    return written / jobs


async def _retried(stack: Stack, jobs: int) -> tuple[float, int]:
    """Rows written for each of `jobs` retries, to the new job's end; and how many rows bore a mark before."""
    marked = "SELECT 1 FROM audio_prep_jobs WHERE result LIKE '%retriedAs%' OR metadata LIKE '%retryOf%'"
    untouched = len(await stack.deployment.app.sql(marked))
    bridge = await _bridge(stack, _OFF)
    before = counters(stack.database_admin).written
    filters = ("--status", "failed", "--kind", "InvalidPayload", "--limit", str(jobs), "--yes")
    done = await stack.deployment.command("retry", *filters)
    assert done.code == 0, done.err
    await _all_ended(stack)
    written = counters(stack.database_admin).written - before
    bridge.stop()
    return written / jobs, untouched


async def _written_while(stack: Stack, seconds: float, *, jobs: int) -> int:
    """Rows written from the start of a bridge with the default interval, while jobs come evenly."""
    before = counters(stack.database_admin).written
    bridge = await _bridge(stack, {"AUDIOPREP_LIVENESS_INTERVAL": "15"})
    for _ in range(jobs):
        await stack.deployment.app.submit("ingest", "{}")
        await asyncio.sleep(seconds / jobs)
    if not jobs:
        await asyncio.sleep(seconds)
    await _all_ended(stack)
    written = counters(stack.database_admin).written - before
    bridge.stop()
    return written


async def _bridge(stack: Stack, env: dict[str, str]) -> Program:
    bridge = stack.deployment.start("bridge", **env)

    async def begun() -> bool:
        return "bridge_started" in bridge.said()

    await eventually(begun, within=30, what="the bridge")
    return bridge


async def _refused(stack: Stack, jobs: int) -> None:
    """Jobs whose metadata is refused: claimed and failed, always by the same writes."""
    for _ in range(jobs):
        await stack.deployment.app.submit("ingest", "{}")
    await _all_ended(stack)


async def _emptied(stack: Stack) -> None:
    async def empty() -> bool:
        return not await stack.deployment.app.sql("SELECT 1 FROM audio_prep_outbox LIMIT 1")

    await eventually(empty, within=60, what="an empty outbox")


async def _all_ended(stack: Stack) -> None:
    async def ended() -> bool:
        query = "SELECT 1 FROM audio_prep_jobs WHERE status IN ('pending', 'processing') LIMIT 1"
        return not await stack.deployment.app.sql(query)

    await eventually(ended, within=120, what="the jobs' ends")


MEASUREMENT = Measurement(
    "features",
    "Rows that features add",
    "Jobs whose metadata is refused, so that each is written in the same way, on a bridge with one feature at a time;"
    " counted by sqld itself.",
    run,
)
