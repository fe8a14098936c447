"""HLS and DASH through a deployment, from the row to the row and the files of the asset."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.support.audio import make_audio
from tests.support.deployment import Deployment
from tests.support.site import open_site

SECONDS = 6
STREAMS = {
    "hls/index.m3u8": ("-f", "hls", "-hls_time", "2", "-hls_playlist_type", "vod"),
    "dash/index.mpd": ("-f", "dash", "-seg_duration", "2", "-use_template", "1", "-use_timeline", "1"),
}


def make_streams(folder: Path) -> None:
    make_audio(folder / "tone.m4a", SECONDS, "-b:a", "64k")
    for name, options in STREAMS.items():
        (folder / name).parent.mkdir()
        command = ["ffmpeg", "-nostdin", "-v", "error", "-i", "../tone.m4a", "-c", "copy", *options, Path(name).name]
        subprocess.run(command, check=True, cwd=(folder / name).parent, timeout=60)
    index = (folder / "hls/index.m3u8").read_text()
    live = index.replace("#EXT-X-ENDLIST", "").replace("#EXT-X-PLAYLIST-TYPE:VOD", "")
    (folder / "hls/live.m3u8").write_text(live)


async def test_a_stream_becomes_an_asset(deployment: Deployment, tmp_path: Path) -> None:
    make_streams(tmp_path / "site")
    deployment.extra |= {"AUDIOPREP_ALLOW_PRIVATE_URLS": "1", "AUDIOPREP_YTDLP_HOSTS": "*"}
    await deployment.migrate()
    deployment.start("serve")
    async with open_site(tmp_path / "site") as site:
        urls = [site.url(f"file/{name}") for name in (*STREAMS, "hls/live.m3u8")]
        jobs = [await deployment.app.submit("ingest", {"sourceType": "youtube", "url": url}) for url in urls]
        *whole, live = [await deployment.app.finished(job_id, within=90) for job_id in jobs]

    assert [row["status"] for row in whole] == ["complete", "complete"], whole
    for row in whole:
        result: dict[str, Any] = json.loads(row["result"])
        assert result["metadata"]["duration"] == pytest.approx(SECONDS, abs=0.3)
        assert result["originalKey"].endswith(".m4a")
        assert result["contentType"] == "audio/mp4"
        original = deployment.fetched(result["originalKey"])
        assert original.stat().st_size == result["bytes"]
        assert json.loads(deployment.place.get(result["peaksKey"]))
    assert (live["status"], json.loads(live["result"])["error"]["kind"]) == ("failed", "UnsupportedMedia")
    assert "live stream" in live["error"]
