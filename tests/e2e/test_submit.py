"""`audioprep submit`: the rows that the command line writes, as a web app would."""

import asyncio
import json
import os
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

import pytest

from tests.support.activities import clip_of, recipe_of
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


async def test_options_of_a_save_are_written_into_its_recipe(deployment: Deployment, tmp_path: Path) -> None:
    recipe = tmp_path / "recipe.json"
    clip = clip_of(str(uuid.uuid4()), 0, 1)
    recipe.write_text(json.dumps(recipe_of(clip, outputFormat="aac", aacKbps=128)))

    cover = tmp_path / "cover.png"
    cover.write_bytes(b"not looked at")
    outputs = ("--output", "wav:24", "--output", "mp3:192")
    labels = ("--tag", "title=A = B", "--tag", "albumArtist=C", "--cover", str(cover))

    row = await _submitted(deployment, "save", str(recipe), *outputs, *labels)

    saved = json.loads(row["metadata"])["recipe"]
    assert saved["tags"] == {"title": "A = B", "albumArtist": "C"}
    assert deployment.place.get(saved["cover"]["storageKey"]) == b"not looked at"
    assert saved["outputs"] == [{"format": "wav", "bitDepth": 24}, {"format": "mp3", "kbps": 192}]
    assert not saved.keys() & {"outputFormat", "aacKbps"}


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
