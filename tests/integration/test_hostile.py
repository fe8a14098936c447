"""The table of hostile cases holds, and its traps are ones that a careless call would step into."""

import asyncio
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from tests.hostile.cases.scripts import scripts
from tests.hostile.corpus import make_canary
from tests.hostile.traps import set_traps
from tests.support.audio import make_audio

_PARTS = 4  # so that they can run side by side
_AT_LEAST = 100  # cases in each


@pytest.mark.timeout(300)
@pytest.mark.parametrize("part", [f"{number}/{_PARTS}" for number in range(1, _PARTS + 1)])
async def test_hostile_input_gets_nothing(part: str) -> None:
    command = [sys.executable, "-m", "tests.hostile", part]
    table = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    output = (await table.communicate())[0].decode()

    wrong = [line for line in output.splitlines() if "!!" in line]
    assert table.returncode == 0, "\n".join([*wrong, *output.splitlines()[-3:]])
    assert "Hits on the forbidden server: 0." in output
    assert "Files read outside the job's folder: 0." in output
    assert "Worker restarts: 0." in output
    assert int(output.splitlines()[-1].split(" ")[0]) >= _AT_LEAST


@pytest.mark.parametrize(
    ("title", "options"),
    [
        ("m3u8 of a path", ["-allowed_extensions", "ALL"]),
        ("ffconcat of a path", ["-f", "concat", "-safe", "0"]),
        ("mov with external data (alis)", ["-enable_drefs", "1", "-use_absolute_path", "1"]),
        ("m3u8 of a server", ["-protocol_whitelist", "file,http,tcp"]),
    ],
)
def test_without_our_fences_the_traps_are_stepped_into(tmp_path: Path, title: str, options: list[str]) -> None:
    make_audio(tmp_path / "corpus/tone.mov", 1, "-c:a", "pcm_s16le")
    with set_traps(make_canary(tmp_path / "canary")) as (canary, service):
        source = tmp_path / "source"
        source.write_bytes(dict(scripts())[title](tmp_path / "corpus", tmp_path / "canary", service.address))

        unfenced = ["ffprobe", "-v", "quiet", *options, str(source)]
        with suppress(subprocess.TimeoutExpired):  # the service never answers
            subprocess.run(unfenced, check=False, timeout=3)

        assert canary.opened() or service.hits()
