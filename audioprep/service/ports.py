"""TCP ports of this machine: free ones, and which process listens on a taken one."""

import errno
import socket
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Final

import psutil

from audioprep.jobs.text.redaction import sentence_of

_LOOPBACK: Final = ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"))
_LONGEST_COMMAND: Final = 120  # characters


def require_free(ports: Mapping[str, int]) -> None:
    """`ports` by the option that chooses each. Raises RuntimeError that names the first taken one and its process."""
    for option, port in ports.items():
        if not _is_free(port):
            raise RuntimeError(
                f"Port {port} is taken by {_described(listener(port))}: stop that, or choose another with {option}."
            )


def free_ports(count: int) -> list[int]:
    """Different ports of the loopback interface that no process uses at the moment."""
    with ExitStack() as held:
        probes = [held.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]


def listener(port: int) -> psutil.Process | None:
    """The process that listens on the port; None where the system does not say."""
    try:
        for connection in psutil.net_connections("tcp"):
            if connection.status == psutil.CONN_LISTEN and port in connection.laddr[1:] and connection.pid:
                return psutil.Process(connection.pid)
    except psutil.Error:  # macOS tells root only
        return None
    return None


def _is_free(port: int) -> bool:
    """On both loopback addresses, since `localhost` may be either. A host without IPv6 has only one."""
    for family, address in _LOOPBACK:
        with socket.socket(family) as probe:
            # As servers do, so that the remains of closed connections do not count.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((address, port))
            except OSError as error:
                if error.errno == errno.EADDRINUSE:
                    return False
    return True


def _described(process: psutil.Process | None) -> str:
    if process is None:
        return "another program"
    for each in (process, *_parents(process)):
        with suppress(psutil.Error):  # another user's, or it has ended meanwhile
            folder = dev_folder(each.cmdline())
            if folder is not None:
                return f"`audioprep dev` in {Path(each.cwd()) / folder} (pid {each.pid})"
    with suppress(psutil.Error):
        return f"pid {process.pid} (`{sentence_of(' '.join(process.cmdline()))[:_LONGEST_COMMAND]}`)"
    return f"pid {process.pid}"


def _parents(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.parents()
    except psutil.Error:
        return []


def dev_folder(command: Sequence[str]) -> Path | None:
    """Where the stack of an `audioprep dev` lives, by its command line; None for any other command."""
    names = [Path(argument).name for argument in command]
    if "dev" not in names or "audioprep" not in names[: names.index("dev")]:
        return None
    folder = ".audioprep"
    for argument, following in zip(command, [*command[1:], ""], strict=True):
        if argument == "--folder":
            folder = following
        elif argument.startswith("--folder="):
            folder = argument.removeprefix("--folder=")
    return Path(folder)
