"""Scratch folders outlive no worker, however it ended."""

import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

from audioprep.activities.attempt.scratch import open_scratch
from tests.support.processes import Program
from tests.support.waiting import eventually

_HOLD = """
import signal, sys
from pathlib import Path
from audioprep.activities.attempt.scratch import open_scratch

folder = Path(sys.argv[1])
with open_scratch(folder):
    (folder / "half a file").write_bytes(b"x")
    print("holding", flush=True)
    signal.pause()
"""


async def test_sweep_removes_only_dead_workers_scratch_folders(tmp_path: Path) -> None:
    root = tmp_path / "scratch"
    workers = [
        Program([sys.executable, "-c", _HOLD, root / f"worker-{n}"], tmp_path / f"{n}.log").start() for n in range(2)
    ]
    try:
        for worker in workers:
            await eventually(_holding(worker), what="the worker's folder")
        workers[0].kill()

        with open_scratch(root / "worker-own"):
            left = {folder.name for folder in root.iterdir()}

        assert left == {"worker-1", "worker-own"}
        assert (root / "worker-1" / "half a file").exists()
        assert not (root / "worker-own").exists()
    finally:
        for worker in workers:
            worker.kill()


def _holding(worker: Program) -> Callable[[], Awaitable[bool]]:
    async def check() -> bool:
        return "holding" in worker.said()

    return check
