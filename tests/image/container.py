"""A role in a container, fenced as docs/operations.md says, by whatever engine is there."""

import json
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_FENCE = ("--read-only", "--cap-drop=all", "--security-opt=no-new-privileges", "--pids-limit=256")
_FENCE += ("--memory=512m", "--memory-swap=512m")  # no swap
_SAMPLER = Path(__file__).with_name("sampler.sh")


def engine() -> str:
    """Raises RuntimeError where there is none."""
    for name in ("docker", "podman"):
        if shutil.which(name) and subprocess.run([name, "info"], capture_output=True, check=False).returncode == 0:
            return name
    raise RuntimeError("Neither docker nor podman answers here.")


@dataclass(frozen=True)
class Image:
    """What the engine knows by this name."""

    engine: str
    name: str

    @property
    def megabytes(self) -> float:
        (about,) = json.loads(_said(self.engine, "image", "inspect", self.name))
        return float(about["Size"]) / 1e6

    def run(self, script: str) -> str:
        """What a shell in the image says."""
        return _said(self.engine, "run", "--rm", "--network=none", *_FENCE, "--entrypoint=sh", self.name, "-c", script)

    def start(self, role: str, env: Mapping[str, str], folder: Path, *mounts: str) -> "Container":
        """On the host's network, its work folder a volume; `mounts` are FOLDER:PATH."""
        name = f"audioprep-{role}-{uuid.uuid4().hex[:8]}"
        variables = folder / f"{name}.env"
        variables.write_text("".join(f"{key}={value}\n" for key, value in env.items()))
        options = ("--detach", f"--name={name}", "--network=host", f"--env-file={variables}")
        volumes = [f"--volume={mount}:ro" for mount in mounts]
        _said(self.engine, "run", *options, *volumes, *_FENCE, self.name, role)
        return Container(self.engine, name)


@dataclass(frozen=True)
class Container:
    """Running, until it is removed."""

    engine: str
    name: str

    def said(self) -> str:
        done = subprocess.run([self.engine, "logs", self.name], capture_output=True, text=True, check=True, timeout=60)
        return done.stdout + done.stderr

    def inside(self, script: str) -> str:
        return _said(self.engine, "exec", self.name, "sh", "-c", script)

    @contextmanager
    def watched(self) -> Iterator[list[str]]:
        """At the end, the list holds what its processes held at most, and their names: see sampler.sh."""
        seen: list[str] = []
        argv = [self.engine, "exec", self.name, "sh", "-c", _SAMPLER.read_text()]
        with tempfile.TemporaryFile("w+") as said, subprocess.Popen(argv, stdout=said) as sampler:
            try:
                yield seen
            finally:
                sampler.kill()
                sampler.wait(10)
                said.seek(0)
                seen += said.read().split("\n")[-2].split()

    def stop(self) -> int:
        """SIGTERM, and SIGKILL after ten seconds. The exit code."""
        _said(self.engine, "stop", "--time=10", self.name)
        return int(_said(self.engine, "inspect", "--format={{.State.ExitCode}}", self.name))

    def killed_for_memory(self) -> bool:
        return _said(self.engine, "inspect", "--format={{.State.OOMKilled}}", self.name).strip() == "true"

    def remove(self) -> None:
        _said(self.engine, "rm", "--force", "--volumes", self.name)


def _said(*argv: str) -> str:
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=120)
    if done.returncode:
        raise RuntimeError(f"{' '.join(argv[:3])} failed: {(done.stdout + done.stderr)[-2000:]}")
    return done.stdout
