"""Memory of our processes: idle, and of a worker that ingests a small and a large file."""

import asyncio
import re
import subprocess
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from benchmarks.measurement import Measurement, Row, at_most
from benchmarks.stack import Stack, open_stack
from tests.support import processes
from tests.support.pollers import until_polling
from tests.support.s3 import seaweedfs
from tests.support.storage import StoragePlace

_SMALL, _LARGE = 5, 95  # MB of the source
_RATE, _FRAME = 44100, 4  # Hz, bytes of one sample of both channels
_IDLE, _GROWTH = 160, 30  # MB
_SETTLED = 10.0  # seconds after which nothing is being set up any more


async def run(folder: Path, quick: bool) -> Sequence[Row]:
    sources = {size: await asyncio.to_thread(_make_wav, folder / f"{size}.wav", size) for size in (_SMALL, _LARGE)}
    rows = [at_most("`serve`, idle", await _idle(_inside(folder, "idle")), _IDLE, "MB", digits=0)]
    peaks = {size: await _peak(_inside(folder, f"local-{size}"), source, None) for size, source in sources.items()}
    rows += _growth("a folder", peaks)
    if not quick:
        async with _bucket(_inside(folder, "s3")) as place:
            peaks = {
                size: await _peak(_inside(folder, f"s3-{size}"), source, place) for size, source in sources.items()
            }
        rows += _growth("S3", peaks)
    return rows


async def _idle(folder: Path) -> float:
    """Resident MB of both roles in one process when there is nothing to do."""
    async with open_stack(folder) as stack:
        program = stack.deployment.start("serve")
        await until_polling(await stack.client(), stack.deployment.task_queue, program)
        await asyncio.sleep(_SETTLED)
        return _memory(program.pid, "VmRSS")


async def _peak(folder: Path, source: Path, place: StoragePlace | None) -> float:
    """The most that a worker ever had while it ingested a file, in MB, without its children."""
    async with open_stack(folder, place) as stack:
        key = stack.deployment.upload(source, f"uploads/{source.name}")
        stack.deployment.start("bridge")
        worker = stack.deployment.start("worker")
        await _ingest(stack, key)
        return _memory(worker.pid, "VmHWM")


async def _ingest(stack: Stack, key: str) -> None:
    app = stack.deployment.app
    job_id = await app.submit("ingest", {"sourceType": "audio_file", "storageKey": key})
    row = await app.finished(job_id, within=300)
    assert row["status"] == "complete", row["error"]


@asynccontextmanager
async def _bucket(folder: Path) -> AsyncIterator[StoragePlace]:
    program, server = seaweedfs(folder)
    with processes.running(program):
        server.wait_until_ready(program)
        yield server.place()


def _growth(where: str, peaks: dict[int, float]) -> list[Row]:
    told = " / ".join(f"{peak:.0f}" for peak in peaks.values())
    return [
        Row(f"worker's peak while it ingests {_SMALL} MB / {_LARGE} MB, storage in {where}", f"{told} MB"),
        at_most(f"difference of the two, storage in {where}", peaks[_LARGE] - peaks[_SMALL], _GROWTH, "MB", digits=0),
    ]


def _memory(pid: int, field: str) -> float:
    found = re.search(rf"{field}:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found is not None, "this measurement needs Linux"
    return int(found[1]) * 1024 / 1e6


def _make_wav(path: Path, megabytes: int) -> Path:
    noise = f"anoisesrc=a=0.3:r={_RATE}:d={megabytes * 1_000_000 / (_RATE * _FRAME)}"
    argv = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", noise, "-ac", "2", str(path)]
    subprocess.run(argv, check=True, timeout=120)
    return path


def _inside(folder: Path, name: str) -> Path:
    inside = folder / name
    inside.mkdir()
    return inside


MEASUREMENT = Measurement(
    "memory",
    "Memory",
    "Resident memory of our own processes, without the ffmpeg they start, as Linux tells it.",
    run,
)
