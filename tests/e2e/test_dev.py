"""Two development stacks on one machine: the second one harms nothing of the first."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from temporalio.client import Client

from tests.support.audio import make_audio
from tests.support.children import descendants
from tests.support.processes import Program, free_ports, module, running
from tests.support.waiting import eventually


@pytest.fixture
def ports() -> tuple[int, int]:
    port, ui_port = free_ports(2)
    return port, ui_port


@pytest.fixture
def first(tmp_path: Path, ports: tuple[int, int]) -> Iterator[Program]:
    with running(_dev(tmp_path / "first", *ports)) as program:
        yield program


def _dev(folder: Path, port: int, ui_port: int, *, state: str = "state") -> Program:
    folder.mkdir(exist_ok=True)
    arguments = ["dev", "--folder", str(folder / state), "--port", str(port), "--ui-port", str(ui_port)]
    return module("audioprep", *arguments, log=folder / "dev.log", env={})


async def _until_started(program: Program) -> None:
    async def started() -> bool:
        return "bridge_started" in program.said()

    await eventually(started, within=60, what="the development stack")


async def _refused(program: Program) -> str:
    """What a stack says that ends at once; nothing of it was started."""
    with running(program):

        async def ended() -> bool:
            assert descendants(program.pid, "temporal") == []
            return program.running.poll() is not None

        await eventually(ended, within=30, what="the end of the second stack")
    assert program.running.returncode == 1
    return program.said()


async def test_a_second_stack_names_the_process_on_its_ports(
    first: Program, ports: tuple[int, int], tmp_path: Path
) -> None:
    await _until_started(first)

    said = await _refused(_dev(tmp_path / "second", *ports))

    holder = f"`audioprep dev` in {tmp_path / 'first' / 'state'} (pid {first.pid})"
    assert said == f"error: Port {ports[0]} is taken by {holder}: stop that, or choose another with --port.\n"
    assert not (tmp_path / "second" / "state").exists()
    client = await Client.connect(f"127.0.0.1:{ports[0]}")
    assert await client.service_client.check_health()
    assert first.running.poll() is None


async def test_a_second_stack_in_the_same_folder_is_refused(first: Program, tmp_path: Path) -> None:
    await _until_started(first)
    other, other_ui = free_ports(2)

    said = await _refused(_dev(tmp_path / "first", other, other_ui))

    assert f"{tmp_path / 'first' / 'state'} is in use by another audioprep" in said


async def test_a_demo_beside_a_stack_uses_its_own_ports(first: Program, ports: tuple[int, int], tmp_path: Path) -> None:
    await _until_started(first)
    tone = make_audio(tmp_path / "tone.mp3", 2)
    taken = {"TEMPORAL_ADDRESS": f"127.0.0.1:{ports[0]}", "AUDIOPREP_HTTP_PORT": str(ports[1])}
    arguments = ["demo", str(tone), "--folder", str(tmp_path / "demo")]
    demo = module("audioprep", *arguments, log=tmp_path / "demo.log", env=taken)

    with running(demo):

        async def ended() -> bool:
            return demo.running.poll() is not None

        await eventually(ended, within=60, what="the end of the demo")

    assert demo.running.returncode == 0, demo.said()
    jobs = Client.connect(f"127.0.0.1:{ports[0]}")
    assert [run async for run in (await jobs).list_workflows()] == []
