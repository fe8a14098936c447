"""The command line as people and programs use it."""

import asyncio
import json
import signal
from pathlib import Path

import pytest

from tests.support.audio import make_audio
from tests.support.deployment import Deployment
from tests.support.programs import slow_ffmpeg
from tests.support.webapp import WebApp


@pytest.fixture
def tone(tmp_path: Path) -> Path:
    return make_audio(tmp_path / "tone.mp3", 60)


async def the_job(app: WebApp) -> str:
    (row,) = await app.sql("SELECT jobId FROM audio_prep_jobs")
    return str(row["jobId"])


async def test_submit_watch_show_and_list(deployment: Deployment, tone: Path) -> None:
    deployment.start("serve")

    watched = await deployment.command("submit", "ingest", str(tone), "--watch")
    job_id = await the_job(deployment.app)
    shown = await deployment.command("show", job_id, "--json")
    listed = await deployment.command("jobs")
    again = await deployment.command("watch", job_id, "--json")

    assert watched.code == 0, watched.err
    assert "complete" in watched.out
    assert '"codec": "mp3"' in watched.out
    row = json.loads(shown.out)
    assert row["status"] == "complete"
    assert row["result"]["metadata"]["originalFilename"] == "tone.mp3"
    assert job_id in listed.out
    assert json.loads(again.out) == row


async def test_a_failed_job_is_a_failed_command(deployment: Deployment, tmp_path: Path) -> None:
    deployment.start("serve")
    text = tmp_path / "notes.mp3"
    text.write_text("no audio")

    watched = await deployment.command("submit", "ingest", str(text), "--watch")

    assert watched.code == 1
    assert "failed" in watched.out
    assert "not audio or video" in watched.out


async def test_ctrl_c_leaves_the_job_running_and_says_so(deployment: Deployment, tmp_path: Path, tone: Path) -> None:
    deployment.extra["PATH"] = slow_ffmpeg(tmp_path / "bin")
    deployment.start("serve")
    watching = await deployment.begin("submit", "ingest", str(tone), "--watch")
    assert watching.stdout is not None
    while b"analyzing" not in await asyncio.wait_for(watching.stdout.readline(), 30):
        continue

    watching.send_signal(signal.SIGINT)
    _, err = await asyncio.wait_for(watching.communicate(), 10)

    job_id = await the_job(deployment.app)
    assert watching.returncode == 130
    assert f"still running. Come back with: audioprep watch {job_id}" in err.decode()
    assert (await deployment.app.row(job_id))["status"] == "processing"

    cancelled = await deployment.command("cancel", job_id)
    watched = await deployment.command("watch", job_id)
    assert cancelled.code == 0
    assert (watched.code, "cancelled" in watched.out) == (1, True)


async def test_check_finds_what_is_missing_and_says_what_to_do(deployment: Deployment) -> None:
    before = await deployment.command("check")
    migrated = await deployment.command("migrate")
    after = await deployment.command("check", "--json")

    assert before.code == 1
    assert "run `audioprep migrate`" in before.out
    assert migrated.code == 0
    findings = {finding["subject"]: finding for finding in json.loads(after.out)["findings"]}
    assert after.code == 0, findings
    assert set(findings) >= {"database", "temporal", "storage", "ffmpeg", "yt-dlp"}


async def test_check_masks_secrets(deployment: Deployment) -> None:
    deployment.extra["TURSO_AUTH_TOKEN"] = "s3cret-token"  # noqa: S105 - made up

    checked = await deployment.command("check")

    assert "s3cret-token" not in checked.out + checked.err
    assert "TURSO_AUTH_TOKEN" in checked.out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("show", "nobody"), "There is no job nobody"),
        (("submit", "ingest", "no-such-file.mp3"), "There is no file no-such-file.mp3"),
    ],
)
async def test_mistakes_get_one_sentence(deployment: Deployment, arguments: tuple[str, ...], says: str) -> None:
    await deployment.migrate()

    ended = await deployment.command(*arguments)

    assert ended.code in (1, 2)
    assert says in ended.err
    assert "Traceback" not in ended.err


async def test_a_wrong_setting_is_named(deployment: Deployment) -> None:
    deployment.extra["AUDIOPREP_MAX_IN_FLIGHT"] = "many"

    ended = await deployment.command("jobs")

    assert ended.code == 2
    assert "AUDIOPREP_MAX_IN_FLIGHT" in ended.err
