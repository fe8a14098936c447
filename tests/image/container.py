"""A role in a container, fenced as docs/operations.md says, by whatever engine is there."""

import json
import shutil
import subprocess
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_FENCE = ("--read-only", "--cap-drop=all", "--security-opt=no-new-privileges", "--memory=512m", "--pids-limit=256")


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

    def start(self, role: str, env: Mapping[str, str], folder: Path) -> "Container":
        """On the host's network, its work folder a volume."""
        name = f"audioprep-{role}-{uuid.uuid4().hex[:8]}"
        variables = folder / f"{name}.env"
        variables.write_text("".join(f"{key}={value}\n" for key, value in env.items()))
        options = ("--detach", f"--name={name}", "--network=host", f"--env-file={variables}")
        _said(self.engine, "run", *options, *_FENCE, self.name, role)
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
