"""The JSON Schemas that web apps check their rows with."""

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from audioprep.cli.app import app
from audioprep.jobs.errors import ErrorKind
from audioprep.jobs.registry import JOB_TYPES
from audioprep.settings.bridge import AttemptSettings, TimeoutSettings

TYPES = [kind.name for kind in JOB_TYPES]
FOLDER = Path(__file__).parents[2] / "docs" / "schemas"


@pytest.mark.parametrize("job_type", TYPES)
@pytest.mark.parametrize(("kind", "options"), [("metadata", []), ("result", ["--result"])])
def test_the_schemas_in_the_documents_are_those_of_the_models(job_type: str, kind: str, options: list[str]) -> None:
    """`make reference` writes them anew."""
    printed = CliRunner().invoke(app, ["schema", job_type, *options])

    assert printed.stdout == (FOLDER / f"{job_type}.{kind}.json").read_text()
    assert json.loads(printed.stdout)["$schema"].startswith("https://json-schema.org/")


def test_every_type_has_a_schema_and_no_other_file_is_there() -> None:
    assert all(kind.result for kind in JOB_TYPES)
    assert {path.name for path in FOLDER.iterdir()} == {
        f"{t}.{k}.json" for t in TYPES for k in ("metadata", "result")
    } | {"error.result.json", "webhook.json"}


def test_an_unknown_type_has_no_schema() -> None:
    printed = CliRunner().invoke(app, ["schema", "nothing"])

    assert (printed.exit_code, "Unknown job type 'nothing': expected one of" in printed.stderr) == (2, True)


@pytest.mark.parametrize("arguments", [["edit"], ["save", "--result"]], ids=" ".join)
def test_models_have_titles_and_fields_have_none(arguments: list[str]) -> None:
    printed = json.loads(CliRunner().invoke(app, ["schema", *arguments]).stdout)

    assert printed["title"]
    for model in [printed, *printed.get("$defs", {}).values()]:
        assert not [name for name, field in model.get("properties", {}).items() if "title" in field]


@pytest.mark.parametrize("settings", [TimeoutSettings, AttemptSettings])
def test_every_type_has_a_timeout_and_attempts(settings: type[TimeoutSettings | AttemptSettings]) -> None:
    assert set(settings.model_fields) == {*TYPES, "default"}


def test_the_schema_of_errors_lists_every_kind() -> None:
    printed = CliRunner().invoke(app, ["schema", "error"]).stdout

    assert printed == (FOLDER / "error.result.json").read_text()
    assert json.loads(printed)["$defs"]["ErrorKind"]["enum"] == [kind.value for kind in ErrorKind]


def test_the_schema_of_webhooks_is_that_of_the_model() -> None:
    assert CliRunner().invoke(app, ["schema", "webhook"]).stdout == (FOLDER / "webhook.json").read_text()


def test_the_contract_explains_every_kind_of_error() -> None:
    contract = (FOLDER.parent / "job-contract.md").read_text()

    rows = dict(re.findall(r"^\| `([A-Z]\w+)` \|.*\| (yes|no) \|$", contract, re.MULTILINE))
    assert rows == {kind.value: "yes" if kind.may_pass else "no" for kind in ErrorKind}
