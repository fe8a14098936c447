"""The example web app in Chromium: two users, on a folder and on an S3 server."""

import json
import wave
from pathlib import Path

import pytest

from tests.support.audio import make_audio
from tests.support.clients import run_node
from tests.support.deployment import Deployment
from tests.support.processes import ROOT, Program, free_port, running, wait_for_http
from tests.support.storage import StoragePlace

# Swells and pauses, as speech has them.
SPEECH = "aevalsrc=exprs='sin(440*2*PI*t)*0.8*abs(sin(2.1*t)*sin(5.3*t)*cos(0.7*t))'"
APP = ROOT / "examples" / "web-app"


@pytest.mark.timeout(300)
async def test_two_users_upload_edit_save_and_delete(
    deployment: Deployment, storage_place: StoragePlace, tmp_path: Path
) -> None:
    recording = make_audio(tmp_path / "tone.wav", 6, source=SPEECH)
    long = make_audio(tmp_path / "long.wav", 240)
    await deployment.migrate()
    deployment.start("serve")
    port = free_port()
    app = Program(["node", "--import", "tsx", "server/main.ts"], tmp_path / "app.log", _env(deployment, port), cwd=APP)
    with running(app):
        wait_for_http(f"http://127.0.0.1:{port}", app)
        out = await run_node(
            APP,
            *("--import", "tsx", "test/e2e.ts"),
            within=240,
            APP_URL=f"http://127.0.0.1:{port}",
            RECORDING=str(recording),
            LONG=str(long),
            DOWNLOADS=str(tmp_path),
        )

    said = json.loads(out)
    with wave.open(said["path"]) as saved:
        assert saved.getnframes() / saved.getframerate() == pytest.approx(2.5, abs=0.01)
    assert await _superseded(deployment) >= 1
    uploads = [key for key in storage_place.stored() if key.startswith("uploads/")]
    sizes = {len(storage_place.get(key)) for key in uploads}
    assert sizes <= {long.stat().st_size}, "only what was cancelled leaves its upload"
    whole = [key for key in storage_place.stored() if key.endswith("metadata.json")]
    assert len(whole) >= 1, "the second user's recording stays"
    assert [key for key in storage_place.stored() if key.startswith(f"assets/{said['asset']}/")] == []
    assert "Error" not in app.said()


async def _superseded(deployment: Deployment) -> int:
    """Previews that gave way to a newer one while the user dragged."""
    rows = await deployment.app.sql(
        "SELECT result FROM audio_prep_jobs WHERE status = 'cancelled' AND type = 'preview'"
    )
    return sum(json.loads(row["result"] or "{}").get("error", {}).get("kind") == "Superseded" for row in rows)


def _env(deployment: Deployment, port: int) -> dict[str, str]:
    """What the app shares with audioprep: database and storage."""
    shared = {name: value for name, value in deployment.env.items() if name.startswith(("TURSO_", "AWS_"))}
    return {
        **shared,
        "AUDIOPREP_STORAGE_URL": deployment.place.url,
        "PORT": str(port),
        "APP_SECRET": "the secret of the test",
    }
