"""`audioprep submit`: the rows that the command line writes, as a web app would."""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.deployment import Deployment

REMOTE = [
    (["ingest", "https://a.example/b.mp3"], {"sourceType": "url", "url": "https://a.example/b.mp3"}),
    (["ingest", "https://youtu.be/x"], {"sourceType": "youtube", "url": "https://youtu.be/x"}),
    (["playlist", "https://a.example/l", "--max", "7"], {"url": "https://a.example/l", "maxEntries": 7}),
]


async def test_what_is_named_decides_the_row(deployment: Deployment, tmp_path: Path) -> None:
    file = tmp_path / "clip.mp4"
    file.write_bytes(b"not looked at")

    for arguments, expected in REMOTE:
        row = await _submitted(deployment, *arguments)
        assert (row["type"], json.loads(row["metadata"])) == (arguments[0], expected)
    row = await _submitted(deployment, "ingest", str(file), "--video")
    metadata = json.loads(row["metadata"])

    assert (metadata["sourceType"], metadata["originalFilename"]) == ("video_file", "clip.mp4")
    assert deployment.place.get(metadata["storageKey"]) == b"not looked at"


@pytest.mark.parametrize(
    "arguments",
    [["ingest", "nowhere.mp3"], ["ingest", "https://a.example/b", "--video"], ["playlist", "ftp://a.example/b"]],
)
def test_what_cannot_be_meant_is_a_usage_error(arguments: list[str]) -> None:
    done = subprocess.run([sys.executable, "-m", "audioprep", "submit", *arguments], capture_output=True, timeout=60)

    assert done.returncode == 2
    assert b"Traceback" not in done.stderr


async def _submitted(deployment: Deployment, *arguments: str) -> dict[str, Any]:
    argv = [sys.executable, "-m", "audioprep", "submit", *arguments, "--json"]
    env = {**os.environ, **deployment.env}
    done = await asyncio.to_thread(subprocess.run, argv, env=env, capture_output=True, check=True, timeout=60)
    return await deployment.app.row(json.loads(done.stdout)["jobId"])
