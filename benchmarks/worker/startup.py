"""How soon our programs are there."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.figures import median
from benchmarks.measurement import Measurement, Row, at_most
from benchmarks.stack import Stack, open_stack
from tests.support.pollers import until_polling

_WORKER, _HELP = 2.0, 0.4  # seconds


async def run(folder: Path, quick: bool) -> Sequence[Row]:
    rounds = 2 if quick else 9
    async with open_stack(folder) as stack:
        await _start_worker(stack)  # the first one compiles
        workers = [await _start_worker(stack) for _ in range(rounds)]
    helps = [await asyncio.to_thread(_help) for _ in range(rounds)]
    return [
        at_most(f"`audioprep worker` to its first poll, median of {rounds}", median(workers), _WORKER, "s"),
        at_most(f"`audioprep --help`, median of {rounds}", median(helps), _HELP, "s"),
    ]


async def _start_worker(stack: Stack) -> float:
    """Seconds until Temporal knows of its poll for activities."""
    client, began = await stack.client(), time.monotonic()
    worker = stack.deployment.start("worker")
    await until_polling(client, stack.deployment.task_queue, worker)
    took = time.monotonic() - began
    worker.stop()
    return took


def _help() -> float:
    program = Path(sys.executable).with_name("audioprep")
    began = time.monotonic()
    subprocess.run([program, "--help"], check=True, stdout=subprocess.DEVNULL, timeout=60)
    return time.monotonic() - began


MEASUREMENT = Measurement("startup", "Start-up", "Real processes, one at a time, files in the system's cache.", run)
