"""`audioprep submit preview|save`: the row a web app would have written."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from audioprep.cli.app import app
from tests.support.activities import clip_of, recipe_of

RECIPE = recipe_of(clip_of("2f6d1c1e-5f0b-4a6e-9a52-0d7f2b1b6c11", 0, 2))


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    monkeypatch.setenv("TURSO_DATABASE_URL", f"file:{tmp_path}/jobs.db")
    return CliRunner()


def _metadata_of(run: CliRunner, output: str) -> dict[str, object]:
    shown = run.invoke(app, ["show", json.loads(output)["jobId"], "--json"])
    return dict(json.loads(shown.output)["metadata"])


def test_a_recipe_becomes_a_preview_row(run: CliRunner, tmp_path: Path) -> None:
    file = tmp_path / "recipe.json"
    file.write_text(json.dumps(RECIPE))

    done = run.invoke(app, ["submit", "preview", str(file), "--json"])

    assert done.exit_code == 0, done.output
    assert _metadata_of(run, done.output) == {"recipe": RECIPE}


def test_whole_metadata_from_stdin_is_kept_as_it_is(run: CliRunner) -> None:
    metadata = {"recipe": RECIPE, "recipeHash": "mine"}

    done = run.invoke(app, ["submit", "preview", "-", "--json"], input=json.dumps(metadata))

    assert done.exit_code == 0, done.output
    assert _metadata_of(run, done.output) == metadata


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "- is not JSON"),
        ("[]", "a JSON object is needed"),
        (json.dumps({**RECIPE, "clips": []}), "recipe.clips"),
        ("{}", "recipe.assetId, recipe.clips: fields required."),
    ],
    ids=["no JSON", "no object", "no clips", "nothing at all"],
)
def test_what_the_bridge_would_refuse_is_told_at_once(run: CliRunner, text: str, words: str) -> None:
    done = run.invoke(app, ["submit", "save", "-"], input=text)

    assert done.exit_code == 2
    assert words in " ".join(done.stderr.split())
