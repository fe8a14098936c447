"""The command line as people and programs use it."""

import asyncio
import json
import signal
from pathlib import Path

import pytest

from tests.support.audio import make_audio
from tests.support.deployment import Deployment
from tests.support.fake_programs import slow_ffmpeg
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
    assert job_id[:8] in listed.out
    assert json.loads(again.out) == row

    deployment.extra |= {"NO_COLOR": "1", "FORCE_COLOR": "1"}
    drawn = await deployment.command("show", job_id)
    doctor = await deployment.command("doctor", job_id)
    assert any(set(line) <= set(" ▄▀█") and len(line) > 100 for line in drawn.out.splitlines())
    assert "\x1b[3" not in drawn.out
    assert "source   audio_file · tone.mp3 · 64 kbit/s · 20" in drawn.out
    assert Path(drawn.out.split("picture  ")[1].strip()).read_bytes().startswith(b"\x89PNG")
    assert (doctor.code, "the job is finished" in doctor.out) == (0, True)


async def test_a_failed_job_is_a_failed_command(deployment: Deployment, tmp_path: Path) -> None:
    program = deployment.start("serve")
    text = tmp_path / "notes.mp3"
    text.write_text("no audio")

    watched = await deployment.command("submit", "ingest", str(text), "--watch")

    assert watched.code == 1
    assert "failed" in watched.out
    assert "not audio or video" in watched.out
    assert "step_failed" in program.said()
    assert "Traceback" not in program.said()


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


async def test_everything_under_way_is_watched_at_once(deployment: Deployment, tmp_path: Path, tone: Path) -> None:
    """Without an id: each job leaves a line, and one that failed makes the exit code 1."""
    await deployment.migrate()
    text = tmp_path / "notes.mp3"
    text.write_text("no audio")
    for file in (tone, text):
        key = deployment.upload(file, f"uploads/{file.name}")
        await deployment.app.submit("ingest", {"sourceType": "audio_file", "storageKey": key})
    watching = await deployment.begin("watch")
    assert watching.stdout is not None
    pending = [(await asyncio.wait_for(watching.stdout.readline(), 30)).decode() for _ in range(2)]
    deployment.start("serve")

    out, err = await asyncio.wait_for(watching.communicate(), 60)

    assert all("ingest" in line for line in pending)
    assert watching.returncode == 1, err
    assert out.decode().count("complete ingest") == 1
    assert out.decode().count("failed ingest") == 1

    (row,) = await deployment.app.sql("SELECT jobId, metadata FROM audio_prep_jobs WHERE status = 'failed'")
    failed = row["jobId"]
    told = json.loads((await deployment.command("logs", failed, "--json")).out)
    again = await deployment.command("retry", failed, "--watch", "--json")
    assert [moment["what"] for moment in told] == [
        "asked for",
        "claimed, workflow started",
        "download started",
        "download failed",
        "clean-up started",
        "clean-up done",
        "workflow failed",
        "row failed",
    ]
    assert "not audio or video" in told[3]["detail"]
    assert again.code == 1
    new = json.loads(again.out)
    assert (new["status"], new["metadata"]) == ("failed", {**json.loads(row["metadata"]), "retryOf": failed})
    assert new["jobId"] != failed
    assert json.loads((await deployment.app.row(failed))["result"])["retriedAs"] == new["jobId"]
    assert "was retried already" in (await deployment.command("retry", failed)).err


async def test_doctor_says_who_has_to_act(deployment: Deployment) -> None:
    """No worker is running, and Temporal itself away the second time."""
    await deployment.migrate()
    job_id = await deployment.app.submit("ingest", {"sourceType": "audio_file", "storageKey": "uploads/tone.mp3"})

    alone = await deployment.command("doctor", job_id, "--json")
    deployment.extra["TEMPORAL_ADDRESS"] = "127.0.0.1:1"
    away = await deployment.command("doctor", job_id)

    assert (alone.code, away.code) == (1, 1)
    assert json.loads(alone.out)["workflow"] is None
    assert json.loads(alone.out)["next"] == "claim the row when its turn comes"
    assert "audioprep worker" in json.loads(alone.out)["toDo"][0]
    assert "Temporal cannot be reached; `audioprep check` says where" in " ".join(away.out.split())
