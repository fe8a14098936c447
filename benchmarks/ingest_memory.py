"""How much memory a worker needs to ingest a small and a large file: `python benchmarks/ingest_memory.py [s3://...]`.

Every case is a Python process of its own that runs the activities of an ingest; the figure is the peak of its resident
set, without the children it starts. Storage is a temporary folder, or the URL given (with its AWS_* variables).
Exits 1 when the largest case needs over 30 MB more than the smallest.
"""

import asyncio
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path

from rich.console import Console
from rich.table import Table
from temporalio.testing import ActivityEnvironment

from audioprep.activities.cache import ObjectCache
from audioprep.activities.ingest import FetchSource, IngestActivities
from audioprep.activities.limits import MediaLimits
from audioprep.activities.resources import Resources
from audioprep.activities.storage import Storage
from audioprep.jobs.ingest import IngestPayload, SourceType

_ALLOWED_GROWTH = 30.0  # MB
_SIZES = (5, 25, 95)  # MB
_RATE, _FRAME = 44100, 4  # Hz, bytes of one sample of both channels


def main() -> None:
    """The table, or in a child process one case."""
    if sys.argv[1:2] == ["--case"]:
        sys.stdout.write(json.dumps(asyncio.run(_measure(*sys.argv[2:5]))))
        sys.stdout.flush()
        # A thread of the storage library that still holds a Python object aborts an interpreter that ends just now:
        # https://github.com/PyO3/pyo3-async-runtimes/issues/40
        os._exit(0)
    table = Table("source MB", "upload MB", "ingest MB", "ingest s", title="Peak resident memory of the worker process")
    peaks = []
    with tempfile.TemporaryDirectory(prefix="ingest-memory-") as folder:
        url = sys.argv[1] if len(sys.argv) > 1 else f"file:{folder}/storage"
        for size in _SIZES:
            source = _make_wav(Path(folder) / f"{size}.wav", size)
            uploaded, ingested = (_run(part, source, url) for part in ("upload", "ingest"))
            table.add_row(str(size), f"{uploaded['peak']:.1f}", f"{ingested['peak']:.1f}", f"{ingested['seconds']:.1f}")
            peaks.append((uploaded["peak"], ingested["peak"]))
    Console().print(table)
    growth = max(last - first for first, last in zip(peaks[0], peaks[-1], strict=True))
    Console().print(f"growth from the smallest to the largest: {growth:.1f} MB (allowed: {_ALLOWED_GROWTH:g} MB)")
    sys.exit(growth > _ALLOWED_GROWTH)


def _make_wav(path: Path, megabytes: int) -> Path:
    noise = f"anoisesrc=a=0.3:r={_RATE}:d={megabytes * 1_000_000 / (_RATE * _FRAME)}"
    argv = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", noise, "-ac", "2", str(path)]
    subprocess.run(argv, check=True)
    return path


def _run(part: str, source: Path, url: str) -> dict[str, float]:
    argv = [sys.executable, __file__, "--case", part, str(source), url]
    found: dict[str, float] = json.loads(subprocess.run(argv, check=True, stdout=subprocess.PIPE).stdout)
    return found


async def _measure(part: str, source: str, url: str) -> dict[str, float]:
    began = time.monotonic()
    storage = Storage.open(url)
    key = f"uploads/{Path(source).name}"
    if part == "upload":
        await storage.upload(Path(source), key)
    else:
        with tempfile.TemporaryDirectory(prefix="ingest-memory-") as work:
            await _ingest(storage, key, Path(work))
    return {"peak": _peak(), "seconds": time.monotonic() - began}


async def _ingest(storage: Storage, key: str, work: Path) -> None:
    cache = ObjectCache(work / "cache", storage, 1 << 30)
    steps = IngestActivities(Resources(storage, cache, MediaLimits(), work / "scratch"))
    payload = IngestPayload(source_type=SourceType.AUDIO_FILE, storage_key=key)
    environment = ActivityEnvironment()
    order = FetchSource(asset_id=str(uuid.uuid4()), source=payload)
    await environment.run(steps.analyze, await environment.run(steps.fetch_source, order))


def _peak() -> float:
    """MB. Not `ru_maxrss`, which starts at the resident set of the parent: it survives the exec."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found is not None, "this benchmark needs Linux"
    return int(found[1]) * 1024 / 1e6


if __name__ == "__main__":
    main()
