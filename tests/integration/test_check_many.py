"""`check` and `migrate` where a list of databases is served: each of them, or the one that is named."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from audioprep.cli.app import app

NAMES = [f"tenant-{number}" for number in range(9)]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    lines = [f"file:{tmp_path}/{name}.db name={name}" for name in NAMES]
    (tmp_path / "databases.txt").write_text("\n".join([*lines, "nonsense"]))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AUDIOPREP_DATABASES", str(tmp_path / "databases.txt"))
    monkeypatch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")
    return CliRunner()


def _findings(run: CliRunner, *arguments: str) -> dict[str, dict[str, object]]:
    done = run.invoke(app, ["check", "--role", "bridge", "--json", *arguments])
    return {finding["subject"]: finding for finding in json.loads(done.stdout)["findings"]}


def test_each_database_is_migrated_and_checked(run: CliRunner) -> None:
    done = run.invoke(app, ["migrate"])
    found = _findings(run)

    assert done.exit_code == 0, done.output
    assert "9 of 9 databases are well" in " ".join(done.stdout.split())
    assert found["database"]["says"] == "9 of 9 databases are well"
    assert (found["clock"]["ok"], found["types"]["ok"]) == (True, True)
    assert (found["databases"]["warning"], "line 10" in str(found["databases"]["says"])) == (True, True)


def test_failing_databases_are_named_up_to_a_number(run: CliRunner, tmp_path: Path) -> None:
    run.invoke(app, ["migrate", "--database", NAMES[0]])
    (tmp_path / f"{NAMES[1]}.db").write_bytes(b"no database" * 1000)

    says = str(_findings(run)["database"]["says"])
    migrated = run.invoke(app, ["migrate"])

    assert says.startswith(f"1 of 9 databases are well; {NAMES[1]}: ")
    assert (says.count(".db: `audioprep migrate`"), says.endswith("; and 3 more")) == (4, True), says
    assert migrated.exit_code == 1
    assert f"8 of 9 databases are well; {NAMES[1]}: " in " ".join(migrated.stdout.split())


def test_one_database_is_checked_if_it_is_named(run: CliRunner, tmp_path: Path) -> None:
    done = run.invoke(app, ["migrate", "--database", NAMES[3]])

    assert f"{NAMES[3]}.db has everything" in " ".join(done.stdout.split())
    assert _findings(run, "--database", NAMES[3])["database"]["ok"]
    assert not _findings(run, "--database", NAMES[4])["database"]["ok"]
    assert sorted(file.name for file in tmp_path.glob("*.db")) == [f"{NAMES[3]}.db"]


def test_an_identity_is_changed_of_one_database_only(run: CliRunner) -> None:
    done = run.invoke(app, ["migrate", "--new-identity"])

    assert (done.exit_code, "--database" in done.stderr) == (2, True)
