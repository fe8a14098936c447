"""Routes, and priorities: what a row may say, and what a setting may."""

import json
from pathlib import Path
from typing import Any

import pytest

from audioprep.bridge import BridgeOptions
from audioprep.extension import JOB_TYPE_GROUP, installed_job_types
from audioprep.jobs.errors import PermanentError
from audioprep.jobs.payload import AnyPayload
from audioprep.jobs.registry import JOB_TYPES
from audioprep.jobs.routes import route
from audioprep.settings import Settings, SettingsError
from audioprep.settings.bridge import BridgeSettings

INGEST = {"sourceType": "audio_file", "storageKey": "a.mp3"}


@pytest.mark.parametrize(
    ("target", "workflow", "task_queue"),
    [("Transcribe", "Transcribe", None), ("Transcribe@go", "Transcribe", "go"), ("T@a@b", "T", "a@b")],
)
def test_a_route_names_a_workflow_and_perhaps_its_queue(target: str, workflow: str, task_queue: str | None) -> None:
    kind = route("transcribe", target)

    assert (kind.name, kind.workflow, kind.task_queue) == ("transcribe", workflow, task_queue)


@pytest.mark.parametrize("target", ["", "@queue", "Workflow@", "  "])
def test_a_route_to_nowhere_is_refused(target: str) -> None:
    with pytest.raises(ValueError, match="expected a type and 'Workflow'"):
        route("transcribe", target)


def test_a_route_takes_no_name_of_a_served_type() -> None:
    with pytest.raises(ValueError, match=r"two job types called 'edit'.*AUDIOPREP_TYPES"):
        BridgeOptions(routes={"edit": "Edit"})


@pytest.mark.parametrize("serve", [["ingest", "save"], ["ingest", "save", "playlist"]])
def test_a_route_takes_the_place_of_a_type(serve: list[str]) -> None:
    types = BridgeOptions(serve=serve, routes={"playlist": "AppPlaylist@app"}).all_types

    assert types.names == ("ingest", "save", "playlist")
    assert types.find("playlist").workflow == "AppPlaylist"


def test_an_alias_that_is_not_listed_is_not_served() -> None:
    assert BridgeOptions(serve=["preview"]).all_types.names == ("preview",)
    assert BridgeOptions(serve=["edit"]).all_types.find("edit").workflow == "AudioprepPreview"


def test_an_unknown_type_to_serve_is_named() -> None:
    with pytest.raises(ValueError, match="no job type 'ingets': expected some of delete, edit, ingest"):
        BridgeOptions(serve=["ingets"])


@pytest.mark.parametrize(
    ("leads_to", "says"),
    [
        ("audioprep.jobs.registry:INGEST", "two job types called 'ingest'"),
        ("json:dumps", "is no JobType"),
        ("no:where", "cannot be loaded"),
    ],
)
def test_an_installed_package_that_brings_no_job_type_is_named(
    leads_to: str, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = tmp_path / "theirs-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: theirs\nVersion: 1\n")
    (info / "entry_points.txt").write_text(f"[{JOB_TYPE_GROUP}]\ntheirs = {leads_to}\n")
    monkeypatch.syspath_prepend(tmp_path)

    with pytest.raises(ValueError, match=says):
        installed_job_types()


@pytest.mark.parametrize("text", ["x", "[]", '{"a": 1}', '{"save": "Mine"}', '{"a": "@"}'])
def test_a_wrong_setting_for_routes_is_named(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUDIOPREP_ROUTES", text)

    with pytest.raises(SettingsError, match="AUDIOPREP_ROUTES"):
        Settings()


@pytest.mark.parametrize("text", ["", '{"transcribe": "Transcribe@go"}'])
def test_routes_are_read_from_json(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUDIOPREP_ROUTES", text)

    assert BridgeSettings().routes == json.loads(text or "{}")


@pytest.mark.parametrize(
    ("metadata", "says"),
    [
        ('{"a": NaN}', "NaN"),
        ('{"a": [1, {"b": -Infinity}]}', "Infinity"),
        ('{"a": 1e400}', "1.8e308"),
        ('{"a": ' + "9" * 400 + "}", "1.8e308"),
        ('{"a": ' + "9" * 5000 + "}", "not valid JSON"),
        ('{"a": "\\ud800"}', "not valid JSON"),
        ('{"\\udc00": 1}', "not valid JSON"),
        ('{"a": "\ud800"}', "unicode"),
        ('{"a": ' + "[" * 300 + "]" * 300 + "}", "not valid JSON"),
        ('{"a": ' + "[" * 200_000, "not valid JSON"),
    ],
    ids=[
        "NaN: refused",
        "Infinity, deep: refused",
        "a float beyond a double: refused",
        "an integer beyond a double: refused",
        "an integer of 5,000 digits: refused",
        "a lone surrogate: refused",
        "a lone surrogate in a name: refused",
        "a lone surrogate as it is: refused",
        "300 levels: refused",
        "200,000 levels: refused",
    ],
)
def test_what_other_languages_cannot_read_is_refused(metadata: str, says: str) -> None:
    with pytest.raises(PermanentError, match=says) as refused:
        route("transcribe", "Transcribe").parse(metadata)

    assert len(refused.value.message) < 200


@pytest.mark.parametrize(
    "metadata",
    [
        '{"a":1.7976931348623157e+308}',
        '{"a":' + "9" * 40 + "}",
        '{"a":' + "[" * 150 + "]" * 150 + "}",
        '{"a":"\\u0000"}',
    ],
    ids=["the largest double", "more than 64 bits", "150 levels", "NUL"],
)
def test_what_json_can_hold_is_handed_on(metadata: str) -> None:
    payload = route("transcribe", "Transcribe").parse(metadata)

    assert isinstance(payload, AnyPayload)
    assert json.loads(payload.model_dump_json()) == json.loads(metadata)


def test_metadata_of_a_route_is_handed_on_as_it_is() -> None:
    metadata = {"languageCode": "de", "deep": [{"a": None, "b": 1.5}], "big": 12345678901234567890, "ü": "é"}

    payload = route("transcribe", "T").parse(json.dumps(metadata))

    assert isinstance(payload, AnyPayload)
    assert payload.model_dump() == metadata


@pytest.mark.parametrize("text", ["[]", "null", '"text"', "{"])
def test_metadata_of_a_route_is_an_object(text: str) -> None:
    with pytest.raises(PermanentError, match="The metadata of this transcribe job is invalid"):
        route("transcribe", "T").parse(text)


@pytest.mark.parametrize("kind", [JOB_TYPES.find("ingest"), route("transcribe", "T")], ids=lambda kind: kind.name)
@pytest.mark.parametrize("priority", [1, 3, 5, None])
def test_a_priority_may_be_given(kind: Any, priority: int | None) -> None:
    assert kind.parse(json.dumps(INGEST | {"priority": priority})).priority == priority
    assert kind.parse(json.dumps(INGEST)).priority is None


@pytest.mark.parametrize("kind", [JOB_TYPES.find("ingest"), route("transcribe", "T")], ids=lambda kind: kind.name)
@pytest.mark.parametrize(
    ("priority", "says"),
    [
        (0, "input should be greater than or equal to 1"),
        (6, "input should be less than or equal to 5"),
        ("high", "input should be a valid integer"),
        (True, "input should be a valid integer"),
    ],
)
def test_a_priority_that_is_none_is_refused_in_one_sentence(kind: Any, priority: Any, says: str) -> None:
    with pytest.raises(PermanentError) as refusal:
        kind.parse(json.dumps(INGEST | {"priority": priority}))

    assert refusal.value.message == f"The metadata of this {kind.name} job is invalid: priority: {says}."
