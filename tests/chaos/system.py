"""The six programs under chaos: a libSQL server, a Temporal server, two workers, two bridges."""

import signal
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from tests.support import processes
from tests.support.audio import make_audio
from tests.support.deployment import Deployment
from tests.support.places import local_place
from tests.support.processes import Program
from tests.support.programs import slow_ffmpeg

ASSET = str(uuid.UUID(int=40))
SPEED = 12.0  # times real time at which ffmpeg reads: a job of 12 s of audio takes a second


class System:
    """Everything runs; any of it may be hit, and is started again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._sqld, self.database_url = processes.sqld(folder)
        self._temporal, self.temporal_address, self._ui_url = processes.temporal(folder)
        self.deployment = Deployment(folder, self.database_url, self.temporal_address, local_place(folder / "storage"))
        self.deployment.extra |= {
            "PATH": slow_ffmpeg(folder / "bin", SPEED),
            "AUDIOPREP_MAX_IN_FLIGHT": "6",
            "AUDIOPREP_SWEEP_INTERVAL": "2",
            "AUDIOPREP_STRAYS_INTERVAL": "5",
            # Each kill of a worker uses up an attempt of what it ran; here they come every few seconds.
            "AUDIOPREP_ATTEMPTS_DEFAULT": "30",
            **{f"AUDIOPREP_ATTEMPTS_{kind}": "30" for kind in ("INGEST", "PREVIEW", "SAVE")},
            "AUDIOPREP_RETRY_LAST_DELAY": "2",
        }
        self.programs = {"sqld": self._sqld, "temporal": self._temporal}

    @contextmanager
    def running(self) -> Iterator["System"]:
        """Start everything, stop everything."""
        try:
            self._sqld.start()
            self._temporal.start()
            processes.wait_for_http(f"{self.database_url}/health", self._sqld)
            processes.wait_for_http(self._ui_url, self._temporal, within=60)
            yield self
        finally:
            self.stop_roles()
            for program in (self._temporal, self._sqld):
                self.resume(program)
                program.stop()

    def start_roles(self) -> None:
        for role in ("worker", "bridge"):
            for number in (1, 2):
                self.programs[f"{role} {number}"] = self.deployment.start(role)

    def stop_roles(self) -> None:
        for name, program in self.programs.items():
            if name not in ("sqld", "temporal"):
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
            self.deployment.upload(tone, f"uploads/tone{seconds}.mp3")
        self.deployment.upload(self.folder / "tone40.mp3", f"assets/{ASSET}/original.mp3")
        noise = self.folder / "noise.mp3"
        noise.write_bytes(bytes(range(256)) * 64)
        self.deployment.upload(noise, "uploads/noise.mp3")

    def children_left(self) -> list[str]:
        """Processes of this system that should be gone: anything of ffmpeg's that names our folder."""
        left = []
        for process in psutil.process_iter(["cmdline", "status"]):
            line = " ".join(process.info["cmdline"] or [])
            if str(self.folder) in line and "ff" in line.split(" ")[0] and process.info["status"] != "zombie":
                left.append(line[:200])
        return left

    def scratch_left(self) -> list[Path]:
        scratch = self.deployment.folder / "work" / "scratch"
        return list(scratch.iterdir()) if scratch.exists() else []
