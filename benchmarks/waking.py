"""A bridge that can be woken, and waking it, as a web app does after its INSERT."""

import aiohttp

from audioprep.http.endpoints import WAKE_HEADER
from tests.support.deployment import Deployment
from tests.support.processes import free_port, wait_for_http

_SECRET = "benchmark"  # noqa: S105 - of a bridge that lives for a minute on loopback


def start_bridge(deployment: Deployment) -> str:
    """Returns the URL that wakes it, once it serves."""
    port = free_port()
    bridge = deployment.start("bridge", AUDIOPREP_HTTP_PORT=str(port), AUDIOPREP_WAKE_SECRET=_SECRET)
    wait_for_http(f"http://127.0.0.1:{port}/healthz", bridge)
    return f"http://127.0.0.1:{port}/wake"


async def post_wake(url: str) -> None:
    async with aiohttp.ClientSession() as session, session.post(url, headers={WAKE_HEADER: _SECRET}) as answer:
        assert answer.status == 202, answer.status
