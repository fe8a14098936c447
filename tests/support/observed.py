"""A deployment that has run a job of each kind, with everything switched on that watches it."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support import processes
from tests.support.activities import clip_of, recipe_of
from tests.support.audio import make_audio
from tests.support.collector import Collector
from tests.support.deployment import Deployment
from tests.support.processes import Program, free_ports
from tests.support.site import Site, open_site
from tests.support.storage import local_place
from tests.support.waiting import eventually

SECRET = "hush-4f1d"  # noqa: S105 - made up; part of the URL of a job


@dataclass
class Watched:
    """`jobs` by name, their ids."""

    deployment: Deployment
    collector: Collector
    ports: dict[str, int]
    programs: list[Program]
    jobs: dict[str, str] = field(default_factory=dict)

    def url(self, role: str, path: str = "") -> str:
        return f"http://127.0.0.1:{self.ports[role]}{path}"

    async def run_jobs(self) -> None:
        """An ingest from a URL, a preview, a normalised save, a playlist, a job that fails, and one that is refused.

        Before them a cancel of a job that Temporal never saw, about which the bridge asks it in vain.
        """
        deployment, asset = self.deployment, str(uuid.uuid4())
        await deployment.migrate()
        tone = make_audio(deployment.folder / "site" / "one.flac", 4, "-ac", "2", "-ar", "44100")
        deployment.upload(tone, f"assets/{asset}/original.flac")
        recipe = recipe_of(clip_of(asset, 0, 2))
        async with open_site(deployment.folder / "site") as site:
            await deployment.app.acknowledged(await deployment.app.submit_cancelled("ingest"))
            for name, (job_type, metadata) in _jobs(site, recipe).items():
                self.jobs[name] = await deployment.app.submit(job_type, metadata)
            for job_id in self.jobs.values():
                await deployment.app.finished(job_id)
        await eventually(self._delivery_failed, within=60, what="a webhook that is not accepted")

    async def _delivery_failed(self) -> bool:
        return "did not accept" in (said := self.programs[1].said()) or "The connection to 127.0.0.1 failed" in said


def _jobs(site: Site, recipe: dict[str, Any]) -> dict[str, tuple[str, Any]]:
    return {
        "ingest": ("ingest", {"sourceType": "url", "url": site.url(f"file/one.flac?token={SECRET}")}),
        "failed": ("ingest", {"sourceType": "url", "url": site.url(f"status/404?token={SECRET}")}),
        "preview": ("preview", {"recipe": recipe, "recipeHash": "h"}),
        "save": ("save", {"recipe": recipe | {"normalize": True}}),
        "playlist": ("playlist", {"url": site.url("feed/file+one.flac")}),
        "refused": ("save", {}),
    }


@contextmanager
def watched(folder: Path, temporal_address: str, collector: Collector) -> Iterator[Watched]:
    """A bridge and a worker that run; no job yet."""
    database, database_url = processes.sqld(folder)
    with processes.running(database):
        processes.wait_for_http(f"{database_url}/health", database)
        deployment = Deployment(folder, database_url, temporal_address, local_place(folder / "storage"))
        deployment.extra |= {
            "AUDIOPREP_ALLOW_PRIVATE_URLS": "1",
            "AUDIOPREP_YTDLP_HOSTS": "*",
            "AUDIOPREP_WEBHOOK_URL": "http://127.0.0.1:9/hook",  # where nothing listens
            "AUDIOPREP_WEBHOOK_SECRET": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "AUDIOPREP_WEBHOOK_ALLOW_PRIVATE": "1",
            "AUDIOPREP_WEBHOOK_TYPES": "save",
            "AUDIOPREP_WEBHOOK_EVENTS": "failed",
            "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
            "OTEL_BSP_SCHEDULE_DELAY": "100",  # milliseconds
        }
        ports = dict(zip(("bridge", "worker"), free_ports(2), strict=True))
        try:
            programs = [deployment.start(role, AUDIOPREP_HTTP_PORT=str(port)) for role, port in ports.items()]
            yield Watched(deployment, collector, ports, programs)
        finally:
            deployment.stop()
