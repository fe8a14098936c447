"""`python -m tests.image IMAGE`: a built image put to work in containers as strict as they come. Prints what it saw."""

import asyncio
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.image.container import Container, Image, engine
from tests.support import processes
from tests.support.activities import clip_of, recipe_of
from tests.support.audio import make_audio
from tests.support.deployment import Deployment
from tests.support.s3 import seaweedfs
from tests.support.waiting import eventually

_HALF_HOUR = 1800.0  # seconds of stereo: the longest source by default
_WITHIN = 300.0  # seconds for any job
_STOPPED = 10.0  # seconds from SIGTERM to the end of a worker, at most
_TOOLS = "for name in gcc cc make git pip uv; do command -v $name; done; true"
_MODULES = 'for name in sphinx pip uv; do python -c "import $name" 2>/dev/null && echo $name; done; true'
_MEMORY = "cat /sys/fs/cgroup/memory.stat /sys/fs/cgroup/memory/memory.stat 2>/dev/null; true"


def main() -> None:
    image = Image(engine(), sys.argv[1])
    with tempfile.TemporaryDirectory(prefix="audioprep-image-") as folder, ExitStack() as running:
        _look_inside(image)
        asyncio.run(_work(image, running.enter_context(_deployment(Path(folder))), running))


def _look_inside(image: Image) -> None:
    _tell("size", f"{image.megabytes:.0f} MB")
    _tell("user", image.run("id").strip())
    _tell("the root is read-only", str("Read-only" in image.run("touch /opt/audioprep/file 2>&1 || true")))
    _tell("build tools inside", image.run(_TOOLS).strip() or "none")
    _tell("Sphinx, pip or uv to import", image.run(_MODULES).strip() or "none")


async def _work(image: Image, deployment: Deployment, running: ExitStack) -> None:
    await deployment.migrate()
    _start(image, "bridge", deployment, running)
    worker = _start(image, "worker", deployment, running)
    deployment.upload(make_audio(deployment.folder / "talk.mp3", _HALF_HOUR, "-ac", "2"), "uploads/talk.mp3")

    asset = str(uuid.uuid4())
    await _job(deployment, "ingest", {"sourceType": "audio_file", "storageKey": "uploads/talk.mp3"})
    deployment.upload(deployment.folder / "talk.mp3", f"assets/{asset}/original.mp3")
    recipe = recipe_of(clip_of(asset, 0, _HALF_HOUR), normalize=True)
    await _job(deployment, "preview", {"recipe": recipe, "recipeHash": "a" * 16})
    await _job(deployment, "save", {"recipe": recipe})
    await _stopped_amid_work(image, deployment, worker, asset, running)


async def _stopped_amid_work(
    image: Image, deployment: Deployment, worker: Container, asset: str, running: ExitStack
) -> None:
    recipe = recipe_of(clip_of(asset, 0, _HALF_HOUR), normalize=False)
    jobs = [
        await deployment.app.submit("preview", {"recipe": recipe, "recipeHash": letter * 16}) for letter in ("b", "c")
    ]
    for job_id in jobs:
        await deployment.app.until(job_id, "processing", stage="rendering")
    _tell("memory of two renders, without file cache", await _memory(worker))
    other = _start(image, "worker", deployment, running)
    began = time.monotonic()
    code = worker.stop()
    took = time.monotonic() - began
    _tell("SIGTERM amid two renders", f"exit code {code} after {took:.2f} s")
    rows = [await deployment.app.finished(job_id, within=_WITHIN) for job_id in jobs]
    _tell("these jobs", ", ".join(f"{row['status']}, retryCount {row['retryCount']}" for row in rows))
    assert (code, took < _STOPPED) == (0, True)
    assert [(row["status"], row["retryCount"]) for row in rows] == [("complete", 0)] * 2
    assert not any(container.killed_for_memory() for container in (worker, other))


async def _job(deployment: Deployment, job_type: str, metadata: dict[str, object]) -> None:
    began = time.monotonic()
    row = await deployment.app.finished(await deployment.app.submit(job_type, metadata), within=_WITHIN)
    _tell(f"{job_type} of half an hour", f"{row['status']} after {time.monotonic() - began:.1f} s")
    assert row["status"] == "complete", row["error"]


async def _memory(worker: Container) -> str:
    """As its control group counts it, once both renders are under way."""

    async def check() -> float:
        stat = dict(line.split() for line in worker.inside(_MEMORY).splitlines())
        return float(stat.get("anon", stat.get("total_rss", 0))) / 1e6

    return f"{await eventually(check, what='memory'):.0f} MB of 512"


def _start(image: Image, role: str, deployment: Deployment, running: ExitStack) -> Container:
    """A container that is removed at the end; what it said is shown if something went wrong."""
    env = {**deployment.env, "AUDIOPREP_WORK_DIR": "/work"}
    container = image.start(role, env, deployment.folder)
    running.callback(container.remove)
    return container


@contextmanager
def _deployment(folder: Path) -> Iterator[Deployment]:
    """Temporal, a libSQL server and an S3 server on this machine."""
    (folder / "s3").mkdir()
    database, url = processes.sqld(folder)
    temporal, address, ui_url = processes.temporal(folder)
    store, server = seaweedfs(folder / "s3")
    with processes.running(database), processes.running(temporal), processes.running(store):
        processes.wait_for_http(f"{url}/health", database)
        processes.wait_for_http(ui_url, temporal)
        server.wait_until_ready(store)
        yield Deployment(folder, url, address, server.place(), defaults=True)


def _tell(what: str, value: str) -> None:
    print(f"{what:<42} {value}", flush=True)


if __name__ == "__main__":
    main()
