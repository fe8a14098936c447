"""What every part of the trial does: start a role, run a job, say what was seen."""

import time
from contextlib import ExitStack
from typing import Final

from tests.image.container import Container, Image
from tests.support.deployment import Deployment

HALF_HOUR: Final = 1800.0  # seconds of stereo: the longest source by default
WITHIN: Final = 300.0  # seconds for any job


def start(image: Image, role: str, deployment: Deployment, running: ExitStack, *mounts: str) -> Container:
    """A container that is removed at the end."""
    env = {**deployment.env, "AUDIOPREP_WORK_DIR": "/work"}
    container = image.start(role, env, deployment.folder, *mounts)
    running.callback(container.remove)
    return container


async def job(deployment: Deployment, job_type: str, metadata: dict[str, object]) -> None:
    began = time.monotonic()
    row = await deployment.app.finished(await deployment.app.submit(job_type, metadata), within=WITHIN)
    tell(f"{job_type} of half an hour", f"{row['status']} after {time.monotonic() - began:.1f} s")
    assert row["status"] == "complete", row["error"]


def tell(what: str, value: str) -> None:
    print(f"{what:<42} {value}", flush=True)
