"""`cancel`, `retry`, `jobs` and the shell's completion, on a table that nobody serves."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from audioprep.cli.app import app


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    monkeypatch.setenv("TURSO_DATABASE_URL", f"file:{tmp_path}/jobs.db")
    monkeypatch.setenv("NO_COLOR", "1")
    return CliRunner()


def submitted(run: CliRunner, name: str = "a.mp3") -> str:
    done = run.invoke(app, ["submit", "ingest", f"https://a.example/{name}", "--json"])
    return str(json.loads(done.output)["jobId"])


def listed(run: CliRunner, *arguments: str) -> list[str]:
    return [row["jobId"] for row in json.loads(run.invoke(app, ["jobs", "--json", *arguments]).output)]


def words(result: Result) -> str:
    return " ".join(result.stderr.split())


def test_several_jobs_are_cancelled_and_finished_ones_left_alone(run: CliRunner) -> None:
    one, two, three = (submitted(run) for _ in range(3))

    first = run.invoke(app, ["cancel", one, two])
    again = run.invoke(app, ["cancel", two, three, "--json"])

    assert (first.exit_code, again.exit_code) == (0, 1)
    assert f"audioprep watch {one} {two}" in first.stdout
    assert json.loads(again.stdout) == {"cancelled": [three], "finished": [two]}
    assert sorted(listed(run, "--status", "cancelled")) == sorted([one, two, three])


def test_all_that_wait_are_cancelled_only_when_that_was_meant(run: CliRunner) -> None:
    submitted(run)
    submitted(run)

    unsure = run.invoke(app, ["cancel", "--all-pending"])
    meant = run.invoke(app, ["cancel", "--all-pending", "--yes"])

    assert (unsure.exit_code, "would cancel 2 pending jobs: add --yes" in words(unsure)) == (2, True)
    assert (meant.exit_code, meant.stdout) == (0, "2 pending jobs cancelled.\n")
    assert listed(run, "--status", "pending") == []


def test_a_retry_is_a_new_job_that_asks_for_the_same(run: CliRunner) -> None:
    old = submitted(run, "song.mp3")
    early = run.invoke(app, ["retry", old])
    run.invoke(app, ["cancel", old])

    done = run.invoke(app, ["retry", old, "--json"])

    assert (early.exit_code, f"`audioprep cancel {old}` ends it" in words(early)) == (1, True)
    assert done.exit_code == 0, done.output
    new = json.loads(run.invoke(app, ["show", json.loads(done.output)["jobId"], "--json"]).output)
    assert (new["status"], new["metadata"]["url"]) == ("pending", "https://a.example/song.mp3")
    assert new["jobId"] != old


def test_who_watches_while_nothing_is_under_way_is_told_so(run: CliRunner) -> None:
    run.invoke(app, ["cancel", submitted(run)])

    done = run.invoke(app, ["watch"])

    assert (done.exit_code, done.stdout) == (0, "Nothing is under way; `audioprep jobs` lists the newest.\n")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["cancel"], "or type `audioprep cancel --all-pending`"),
        (["watch", "nobody"], "There is no job nobody; `audioprep jobs` lists the newest"),
        (["jobs", "--since", "yesterday"], "type 30m, 2h, 1d"),
        (["show", "nobody"], "run `audioprep migrate`"),
    ],
    ids=lambda value: value if isinstance(value, str) else " ".join(value),
)
def test_mistakes_say_what_to_type_next(
    run: CliRunner, arguments: list[str], says: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    if "migrate" in says:
        (tmp_path / "empty.db").touch()
        monkeypatch.setenv("TURSO_DATABASE_URL", f"file:{tmp_path}/empty.db")
    else:
        run.invoke(app, ["migrate"])

    done = run.invoke(app, arguments)

    assert done.exit_code in (1, 2)
    assert says in words(done)


@pytest.mark.parametrize(("command", "offered"), [("show", 2), ("cancel", 1), ("retry", 1)])
def test_the_shell_completes_the_ids_that_a_command_can_take(run: CliRunner, command: str, offered: int) -> None:
    ids = {submitted(run), submitted(run)}
    run.invoke(app, ["cancel", min(ids)])

    line = {"COMP_WORDS": f"audioprep {command} ", "COMP_CWORD": "2"}
    done = run.invoke(app, [], prog_name="audioprep", env={"_AUDIOPREP_COMPLETE": "complete_bash", **line})

    found = set(done.output.split())
    assert len(found) == offered
    assert found <= ids


def test_a_completion_without_a_database_is_silent(run: CliRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TURSO_DATABASE_URL", "http://127.0.0.1:1")

    line = {"COMP_WORDS": "audioprep show ", "COMP_CWORD": "2"}
    done = run.invoke(app, [], prog_name="audioprep", env={"_AUDIOPREP_COMPLETE": "complete_bash", **line})

    assert done.output.strip() == ""


def test_help_imports_nothing_heavy() -> None:
    heavy = "{'temporalio', 'aiohttp', 'pydantic', 'obstore', 'numpy'}"
    script = f"import sys, audioprep.cli.app; print(*{heavy} & set(sys.modules))"

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)

    assert done.stdout.strip() == ""
