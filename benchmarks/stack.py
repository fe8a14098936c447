"""The servers of one measurement, sqld and Temporal, and a deployment of audioprep on them with a user's defaults."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter

from benchmarks.pages import page
from benchmarks.trial.job import TRIAL_ROUTES
from tests.support import processes
from tests.support.deployment import Deployment
from tests.support.processes import Program, free_ports
from tests.support.storage import StoragePlace, local_place


@dataclass(frozen=True, slots=True)
class Stack:
    """Running servers, and a deployment of which no role runs yet."""

    deployment: Deployment
    database: Program
    temporal: Program
    database_admin: str
    temporal_metrics: str

    async def client(self) -> Client:
        return await Client.connect(self.deployment.temporal_address, data_converter=pydantic_data_converter)

    def start_trial_worker(self) -> Program:
        """A worker that runs trial jobs; bridges started after it pick them up."""
        deployment = self.deployment
        deployment.extra |= TRIAL_ROUTES
        log = deployment.folder / f"trial-worker-{len(deployment.programs)}.log"
        program = processes.module("benchmarks.trial.worker", log=log, env=deployment.env)
        deployment.programs.append(program)
        return program.start()

    def temporal_requests(self) -> dict[str, float]:
        """Requests that Temporal's frontend has answered so far, by operation."""
        return _sums(page(self.temporal_metrics), "service_requests", "operation", 'service_name="frontend"')


@asynccontextmanager
async def open_stack(folder: Path, place: StoragePlace | None = None) -> AsyncIterator[Stack]:
    """Everything is stopped at the end. Storage is a folder unless `place` says otherwise."""
    admin_port, metrics_port = free_ports(2)
    database, database_url = processes.sqld(folder, admin_port=admin_port)
    temporal, address, ui_url = processes.temporal(folder, metrics_port=metrics_port)
    with processes.running(database), processes.running(temporal):
        processes.wait_for_http(f"{database_url}/health", database)
        processes.wait_for_http(ui_url, temporal)
        place = place or local_place(folder / "storage")
        deployment = Deployment(folder, database_url, address, place, defaults=True)
        await deployment.migrate()
        try:
            yield Stack(
                deployment,
                database,
                temporal,
                f"http://127.0.0.1:{admin_port}",
                f"http://127.0.0.1:{metrics_port}/metrics",
            )
        finally:
            deployment.stop()


def _sums(text: str, metric: str, label: str, having: str = "") -> dict[str, float]:
    """A counter of Prometheus' text format, added up by one of its labels."""
    sums: dict[str, float] = {}
    for labels, value in re.findall(rf"^{metric}\{{(.*)\}} (\S+)$", text, re.MULTILINE):
        found = re.search(rf'{label}="([^"]*)"', labels)
        if found and having in labels:
            sums[found[1]] = sums.get(found[1], 0.0) + float(value)
    return sums
