"""What Temporal's UI is told of a job, before it runs and while it does."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from audioprep.jobs import keys
from audioprep.jobs.registry import JOB_TYPES
from audioprep.jobs.request import JobRequest
from audioprep.jobs.text.details import details_of
from audioprep.jobs.text.wording import format_duration, inline_code
from audioprep.workflows.details import WorkflowDetails
from tests.support.activities import clip_of, recipe_of

START = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
ASSET = "2f6d1c1e-5f0b-4a6e-9a52-0d7f2b1b6c11"
FILES = recipe_of(clip_of(ASSET, 0, 100), asset_id=ASSET, outputs=[{"format": "flac"}, {"format": "opus"}])
RECIPE = recipe_of(clip_of(ASSET, 0, 100), clip_of(ASSET, 100, 192), asset_id=ASSET, outputFormat="aac")

TOLD: dict[str, tuple[str, dict[str, Any], list[str]]] = {
    "a signed URL": (
        "ingest",
        {"sourceType": "url", "url": "https://me:pw@a.example/b.mp3?sig=s3cret"},
        ["- **source**: url, `https://a.example/b.mp3?...`", f"in `{keys.asset_folder(keys.asset_id_for('j1'))}`"],
    ),
    "YouTube": (
        "ingest",
        {"sourceType": "youtube", "url": "https://www.youtube.com/watch?v=abc"},
        ["- **source**: youtube, `https://www.youtube.com/watch?v=abc`"],
    ),
    "a name that would be Markdown": (
        "ingest",
        {"sourceType": "audio_file", "storageKey": "uploads/`![x](http://evil)`\n# big.mp3"},
        ["`uploads/'![x](http://evil)' # big.mp3`"],
    ),
    "preview": (
        "preview",
        {"recipe": RECIPE, "recipeHash": "h"},
        [f"**sources**: `{ASSET}`", f"`{keys.preview(ASSET, 'h')}`"],
    ),
    "save": ("save", {"recipe": RECIPE}, [f"in `assets/{ASSET}`: `prepared.m4a`, `edits.json`"]),
    "save of files": (
        "save",
        {"recipe": FILES},
        [f"in `assets/{ASSET}`: `prepared.flac`, `prepared.opus`, `edits.json`"],
    ),
    "playlist": ("playlist", {"url": "https://a.example/l?key=s3cret"}, ["at most 50", "`audioprep-j1/1`"]),
}


def request_for(job_type: str, metadata: dict[str, Any]) -> JobRequest[Any]:
    payload = JOB_TYPES.find(job_type).payload.model_validate(metadata)  # type: ignore[attr-defined]
    return JobRequest(job_id="j1", type=job_type, payload=payload)


@pytest.mark.parametrize(("job_type", "metadata", "parts"), TOLD.values(), ids=TOLD)
def test_what_is_known_beforehand_is_told(job_type: str, metadata: dict[str, Any], parts: list[str]) -> None:
    told = details_of(request_for(job_type, metadata))

    assert told.startswith(f"- **job**: `j1`, {job_type}\n")
    assert "- **limits**: 10:00 in all, 3 tries a step" in told
    assert [part for part in parts if part not in told] == []
    assert "s3cret" not in told
    assert "pw" not in told


def test_an_id_that_is_only_taken_has_nothing_more_to_say() -> None:
    request: JobRequest[Any] = JobRequest(job_id="j1", type="ingest", payload=None, cancelled=True, max_attempts=1)

    assert details_of(request) == "- **job**: `j1`, ingest\n- **limits**: 10:00 in all, 1 try a step"


def test_a_running_job_tells_its_step_and_at_the_end_its_files() -> None:
    details = WorkflowDetails(request_for("save", {"recipe": RECIPE}), START)

    details.begin("measure", "**downloading** · loudness of 3:12", START)
    details.begin("render", "**rendering** · 2 clips", START + timedelta(seconds=4))
    running = details.text
    details.end("complete", START + timedelta(seconds=90))
    ended = details.text

    assert running.startswith("**rendering** · 2 clips\n\n- **sources**")
    assert "- **measure**: 4.0 s" in running
    assert "prepared.m4a" not in running
    assert ended.startswith("**complete** in 1:30\n")
    assert "- **render**: 1:26" in ended
    assert "prepared.m4a" in ended


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.04, "0.0 s"), (59.9, "59.9 s"), (60, "1:00"), (192, "3:12"), (3661, "1:01:01")]
)
def test_lengths_are_told_as_players_show_them(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text


def test_a_long_name_is_cut() -> None:
    assert len(inline_code("x" * 5000)) < 300
