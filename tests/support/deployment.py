"""One deployment of audioprep: a database, a storage and a task queue of its own, on a shared Temporal server."""

import asyncio
import os
import sys
import uuid
from dataclasses import dataclass, field
from pathlib import Path

from audioprep.bridge.database.database import open_database
from audioprep.bridge.store.store import JobStore
from tests.support.processes import Program, audioprep
from tests.support.storage import StoragePlace
from tests.support.webapp import WebApp

QUICK = {
    "AUDIOPREP_POLL_INTERVAL": "0.2",
    "AUDIOPREP_BUSY_INTERVAL": "0.2",
    "AUDIOPREP_SWEEP_INTERVAL": "2",
    "AUDIOPREP_REDRIVE_AFTER": "1",
    "AUDIOPREP_ORPHANS_PATIENCE": "1",
    "AUDIOPREP_DOWNLOAD_INTERVAL": "0",
}


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str


@dataclass
class Deployment:
    """Roles run as real processes; whatever was started is stopped with the test."""

    folder: Path
    database_url: str
    temporal_address: str
    place: StoragePlace
    task_queue: str = field(default_factory=lambda: f"test-{uuid.uuid4()}")
    extra: dict[str, str] = field(default_factory=dict)
    defaults: bool = False  # whether the intervals are those a user has
    programs: list[Program] = field(default_factory=list)

    @property
    def app(self) -> WebApp:
        return WebApp(self.database_url)

    @property
    def env(self) -> dict[str, str]:
        return {
            "TURSO_DATABASE_URL": self.database_url,
            "TEMPORAL_ADDRESS": self.temporal_address,
            "AUDIOPREP_TASK_QUEUE": self.task_queue,
            "AUDIOPREP_STORAGE_URL": self.place.url,
            "AUDIOPREP_WORK_DIR": str(self.folder / "work"),
            "AUDIOPREP_LOG_FORMAT": "json",
            **({} if self.defaults else QUICK),
            **self.place.env,
            **self.extra,
        }

    async def migrate(self) -> None:
        """Make the table before any role runs, as in a web app's own database."""
        async with open_database(self.database_url) as database:
            await JobStore(database).migrate()

    async def command(self, *arguments: str) -> Ended:
        """Run one `audioprep` command to its end."""
        process = await self.begin(*arguments)
        out, err = await asyncio.wait_for(process.communicate(), 60)
        return Ended(process.returncode or 0, out.decode(), err.decode())

    async def begin(self, *arguments: str) -> asyncio.subprocess.Process:
        """Start one `audioprep` command, its output in pipes."""
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "audioprep", *arguments),
            env={**os.environ, **self.env},
            cwd=self.folder,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )

    def start(self, role: str, **extra: str) -> Program:
        """`extra` is for this program's environment alone."""
        program = audioprep(role, self.folder / f"{role}-{len(self.programs)}.log", {**self.env, **extra})
        self.programs.append(program)
        return program.start()

    def stop(self) -> None:
        for program in self.programs:
            program.stop()

    def fetched(self, key: str) -> Path:
        """What is stored under a key, as a file to measure."""
        path = self.folder / "fetched" / key.replace("/", "-")
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(self.place.get(key))
        return path

    def upload(self, path: Path, key: str) -> str:
        """Put a file where a web app would have put it."""
        self.place.put(key, path.read_bytes())
        return key
