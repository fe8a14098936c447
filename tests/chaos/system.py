"""The programs under chaos: a Temporal server, two workers, and for each table a libSQL server and two bridges."""

import signal
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.support import processes
from tests.support.audio import make_audio
from tests.support.deployment import Deployment
from tests.support.fake_programs import slow_ffmpeg
from tests.support.processes import Program
from tests.support.storage import local_place

ASSET = str(uuid.UUID(int=40))
SPEED = 12.0  # times real time at which ffmpeg reads: a job of 12 s of audio takes a second


@dataclass(frozen=True)
class Table:
    """A web app's jobs table: its server, and the deployment whose bridges serve it."""

    name: str
    sqld: Program
    deployment: Deployment


class System:
    """Everything runs; any of it may be hit, and is started again. Tables share namespace, task queue and storage."""

    def __init__(self, folder: Path, tables: int, env: Mapping[str, str], fleets: int = 0) -> None:
        """With `fleets`, so many bridges serve all tables together, whose files are in folders of their own."""
        self.folder = folder
        self._fleets = fleets
        self._env = env
        self._temporal, self.temporal_address, self._ui_url = processes.temporal(folder)
        self._place, self._task_queue = local_place(folder / "storage"), f"chaos-{uuid.uuid4()}"
        self.tables = [self._table(f"table{number}") for number in range(1, tables + 1)]
        self.programs = {"temporal": self._temporal, **{f"sqld {each.name}": each.sqld for each in self.tables}}

    def _table(self, name: str) -> Table:
        folder = self.folder / name
        folder.mkdir()
        sqld, url = processes.sqld(folder)
        deployment = Deployment(folder, url, self.temporal_address, self._place, self._task_queue)
        deployment.extra |= {
            "PATH": slow_ffmpeg(self.folder / "bin", SPEED),
            "AUDIOPREP_MAX_IN_FLIGHT": "6",
            "AUDIOPREP_SWEEP_INTERVAL": "2",
            "AUDIOPREP_ORPHANS_INTERVAL": "5",
            # Each kill of a worker uses up an attempt of what it ran; here they come every few seconds.
            "AUDIOPREP_ATTEMPTS_DEFAULT": "30",
            **{f"AUDIOPREP_ATTEMPTS_{kind}": "30" for kind in ("INGEST", "PREVIEW", "SAVE")},
            "AUDIOPREP_RETRY_LAST_DELAY": "2",
            **self._env,
        }
        return Table(name, sqld, deployment)

    @contextmanager
    def running(self) -> Iterator["System"]:
        """Start everything, stop everything."""
        try:
            for program in self._servers:
                program.start()
            for table in self.tables:
                processes.wait_for_http(f"{table.deployment.database_url}/health", table.sqld)
            processes.wait_for_http(self._ui_url, self._temporal, within=60)
            yield self
        finally:
            self.stop_roles()
            for program in self._servers:
                self.resume(program)
                program.stop()

    @property
    def _servers(self) -> list[Program]:
        return [self._temporal, *(table.sqld for table in self.tables)]

    def start_roles(self) -> None:
        """Two workers, which know no table, and two bridges for each table, or some for all."""
        for number in (1, 2):
            self.programs[f"worker {number}"] = self.tables[0].deployment.start("worker")
            for table in self.tables if not self._fleets else ():
                self.programs[f"bridge {number} {table.name}"] = table.deployment.start("bridge")
        listed = self.folder / "databases.txt"
        lines = [f"{one.deployment.database_url} name={one.name} prefix={self.prefix(one)}" for one in self.tables]
        listed.write_text("\n".join(lines))
        many = {"AUDIOPREP_DATABASES": str(listed), "AUDIOPREP_IDLE_MAX": "2", "AUDIOPREP_MAX_IN_FLIGHT": "30"}
        for number in range(1, self._fleets + 1):
            self.programs[f"bridge {number}"] = self.tables[0].deployment.start("bridge", **many)

    def prefix(self, table: Table) -> str:
        """The folder of the table's files; empty where all tables share one."""
        return f"tenants/{table.name}" if self._fleets else ""

    def strangers(self, assets: Mapping[str, set[str]]) -> list[str]:
        """Files that are not in the folder of a table whose jobs have made them; `assets` are those of each table."""
        if not self._fleets:
            return []
        owners = {asset: name for name, made in assets.items() for asset in made}
        found = []
        for key in self._place.stored():
            parts = key.split("/")
            misplaced = parts[0] != "tenants" or (
                parts[2] == "assets" and parts[3] in owners and owners[parts[3]] != parts[1]
            )
            found += [key] if misplaced else []
        return found

    def stop_roles(self) -> None:
        for program in self.programs.values():
            if program not in self._servers:
                self.resume(program)
                program.stop()

    def revive(self, name: str) -> None:
        """Let a frozen program go on, and start a dead one again."""
        program = self.programs[name]
        self.resume(program)
        if program.running.poll() is not None:
            program.start()

    @staticmethod
    def resume(program: Program) -> None:
        if program.running.poll() is None:
            program.signal(signal.SIGCONT)

    def upload_sources(self) -> None:
        """A few recordings, one file that is none, and an asset to render from."""
        for seconds in (2, 12, 40):
            tone = make_audio(self.folder / f"tone{seconds}.mp3", seconds)
            self._upload(tone, f"uploads/tone{seconds}.mp3")
        self._upload(self.folder / "tone40.mp3", f"assets/{ASSET}/original.mp3")
        noise = self.folder / "noise.mp3"
        noise.write_bytes(bytes(range(256)) * 64)
        self._upload(noise, "uploads/noise.mp3")

    def _upload(self, file: Path, key: str) -> None:
        for folder in {self.prefix(table) for table in self.tables}:
            self._place.put(f"{folder}/{key}" if folder else key, file.read_bytes())

    def children_left(self) -> list[str]:
        """Processes of this system that should be gone: anything of ffmpeg's that names our folder."""
        left = []
        for process in psutil.process_iter(["cmdline", "status"]):
            line = " ".join(process.info["cmdline"] or [])
            if str(self.folder) in line and "ff" in line.split(" ")[0] and process.info["status"] != "zombie":
                left.append(line[:200])
        return left

    def scratch_left(self) -> list[Path]:
        return [left for table in self.tables for left in table.deployment.folder.glob("work/scratch/*")]
