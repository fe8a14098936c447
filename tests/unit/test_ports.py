"""Which process has a port, as a sentence for the person who wanted it."""

import os
import socket
from pathlib import Path

import pytest

from audioprep.service.ports import dev_folder, free_ports, require_free

COMMANDS = {
    "its default folder": (["/venv/bin/python", "/venv/bin/audioprep", "dev"], Path(".audioprep")),
    "a folder of its own": (["python", "-m", "audioprep", "dev", "--folder", "x"], Path("x")),
    "a folder after =": (["audioprep", "dev", "--folder=/data", "--port", "1"], Path("/data")),
    "another command": (["audioprep", "worker"], None),
    "another program": (["npm", "run", "dev"], None),
}


@pytest.mark.parametrize(("command", "folder"), COMMANDS.values(), ids=COMMANDS)
def test_a_dev_stack_is_known_by_its_command_line(command: list[str], folder: Path | None) -> None:
    assert dev_folder(command) == folder


@pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0"])  # noqa: S104 - a server may listen on all
def test_a_taken_port_is_refused_with_its_process(address: str) -> None:
    with socket.socket() as server:
        server.bind((address, 0))
        server.listen()
        port = server.getsockname()[1]

        with pytest.raises(RuntimeError, match=rf"^Port {port} is taken by pid {os.getpid()} .*another with --port\.$"):
            require_free({"--ui-port": free_ports(1)[0], "--port": port})


def test_free_ports_are_free_and_different() -> None:
    ports = free_ports(5)

    require_free({str(port): port for port in ports})
    assert len(set(ports)) == 5
