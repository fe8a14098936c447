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
from tests.image.full_load import full_load
from tests.image.steps import HALF_HOUR, WITHIN, job, start, tell
from tests.support import processes
from tests.support.activities import clip_of, recipe_of
from tests.support.audio import make_audio
from tests.support.deployment import Deployment
from tests.support.s3 import seaweedfs
from tests.support.waiting import eventually

_STOPPED = 10.0  # seconds from SIGTERM to the end of a worker, at most
_TOOLS = "for name in gcc cc make git pip uv; do command -v $name; done; true"
_MODULES = 'for name in sphinx pip uv; do python -c "import $name" 2>/dev/null && echo $name; done; true'
_PROGRAMS = (
    "yt-dlp --version; yt-dlp --list-impersonate-targets | grep -c curl_cffi; deno --version | cut -d' ' -f2 | head -1"
)
_MEMORY = "cat /sys/fs/cgroup/memory.stat /sys/fs/cgroup/memory/memory.stat 2>/dev/null; true"


def main() -> None:
    image = Image(engine(), sys.argv[1])
    with tempfile.TemporaryDirectory(prefix="audioprep-image-") as folder, ExitStack() as running:
        _look_inside(image)
        deployment = running.enter_context(_deployment(Path(folder)))
        with ExitStack() as separate:
            asyncio.run(_work(image, deployment, separate))
        asyncio.run(full_load(image, deployment, running))


def _look_inside(image: Image) -> None:
    tell("size", f"{image.megabytes:.0f} MB")
    tell("user", image.run("id").strip())
    tell("the root is read-only", str("Read-only" in image.run("touch /opt/audioprep/file 2>&1 || true")))
    tell("yt-dlp, its targets of curl-cffi, deno", ", ".join(image.run(_PROGRAMS).split()))
    tell("build tools inside", image.run(_TOOLS).strip() or "none")
    tell("Sphinx, pip or uv to import", image.run(_MODULES).strip() or "none")


async def _work(image: Image, deployment: Deployment, running: ExitStack) -> None:
    await deployment.migrate()
    start(image, "bridge", deployment, running)
    worker = start(image, "worker", deployment, running)
    deployment.upload(make_audio(deployment.folder / "talk.mp3", HALF_HOUR, "-ac", "2"), "uploads/talk.mp3")

    asset = str(uuid.uuid4())
    await job(deployment, "ingest", {"sourceType": "audio_file", "storageKey": "uploads/talk.mp3"})
    deployment.upload(deployment.folder / "talk.mp3", f"assets/{asset}/original.mp3")
    recipe = recipe_of(clip_of(asset, 0, HALF_HOUR), normalize=True)
    await job(deployment, "preview", {"recipe": recipe, "recipeHash": "a" * 16})
    await job(deployment, "save", {"recipe": recipe})
    await _stopped_amid_work(image, deployment, worker, asset, running)


async def _stopped_amid_work(
    image: Image, deployment: Deployment, worker: Container, asset: str, running: ExitStack
) -> None:
    recipe = recipe_of(clip_of(asset, 0, HALF_HOUR), normalize=False)
    jobs = [
        await deployment.app.submit("preview", {"recipe": recipe, "recipeHash": letter * 16}) for letter in ("b", "c")
    ]
    for job_id in jobs:
        await deployment.app.until(job_id, "processing", stage="rendering")
    tell("memory of two renders, without file cache", await _memory(worker))
    other = start(image, "worker", deployment, running)
    began = time.monotonic()
    code = worker.stop()
    took = time.monotonic() - began
    tell("SIGTERM amid two renders", f"exit code {code} after {took:.2f} s")
    rows = [await deployment.app.finished(job_id, within=WITHIN) for job_id in jobs]
    tell("these jobs", ", ".join(f"{row['status']}, retryCount {row['retryCount']}" for row in rows))
    assert (code, took < _STOPPED) == (0, True)
    assert [(row["status"], row["retryCount"]) for row in rows] == [("complete", 0)] * 2
    assert not any(container.killed_for_memory() for container in (worker, other))


async def _memory(worker: Container) -> str:
    """As its control group counts it, once both renders are under way."""

    async def check() -> float:
        stat = dict(line.split() for line in worker.inside(_MEMORY).splitlines())
        return float(stat.get("anon", stat.get("total_rss", 0))) / (1024 * 1024)

    return f"{await eventually(check, what='memory'):.0f} MB of 512"


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


if __name__ == "__main__":
    main()
