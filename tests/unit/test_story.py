"""What happened, told from the histories that real jobs left."""

from pathlib import Path

import pytest
from temporalio.client import WorkflowHistory

from audioprep.diagnosis.story import EventText, HistoryFormatter

HISTORIES = Path(__file__).parents[1] / "histories"

INGEST = [
    "claimed, workflow started",
    *(f"{step} {what}" for step in ("download", "analysis", "publication") for what in ("started", "done")),
    "workflow completed",
]
STORIES = {
    "ingest": INGEST,
    "ingest-url": INGEST,
    "ingest-failed": [
        "claimed, workflow started",
        "download started",
        "download failed",
        "clean-up started",
        "clean-up done",
        "workflow failed",
    ],
    "ingest-cancelled": [
        "claimed, workflow started",
        "download started",
        "download done",
        "analysis started",
        "cancel requested",
        "analysis stopped",
        "clean-up started",
        "clean-up done",
        "workflow cancelled",
    ],
}


def told(name: str) -> list[str]:
    history = WorkflowHistory.from_json(name, (HISTORIES / f"{name}.json").read_text())
    texts = {event.event_id: EventText("summary", "reason") for event in history.events}
    return [entry.what for entry in HistoryFormatter(texts).format(history.events)]


@pytest.mark.parametrize(("name", "story"), STORIES.items(), ids=STORIES)
def test_a_job_tells_what_happened_in_order(name: str, story: list[str]) -> None:
    assert told(name) == story


def test_a_playlist_tells_of_its_entries() -> None:
    story = told("playlist")

    assert story.count("began") == 3
    assert (story.count("completed"), story.count("failed")) == (2, 1)
