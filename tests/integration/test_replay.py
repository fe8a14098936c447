"""Jobs that run during a deploy: histories recorded earlier replay on the workflows of today."""

import json
from pathlib import Path

import pytest
from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer
from temporalio.workflow import NondeterminismError

from audioprep.plugin import WORKFLOWS

HISTORIES = sorted((Path(__file__).parents[1] / "histories").glob("*.json"))


def replayer() -> Replayer:
    return Replayer(workflows=WORKFLOWS, data_converter=pydantic_data_converter)


@pytest.mark.parametrize("path", HISTORIES, ids=lambda path: path.stem)
async def test_a_recorded_history_replays(path: Path) -> None:
    await replayer().replay_workflow(WorkflowHistory.from_json(path.stem, path.read_text()))


async def test_a_history_of_another_order_of_steps_does_not() -> None:
    """The replay would notice: the same history with one step's name changed is refused."""
    path = next(path for path in HISTORIES if path.stem == "ingest")
    changed = path.read_text().replace("audioprep.analyze", "audioprep.another")

    with pytest.raises(NondeterminismError):
        await replayer().replay_workflow(WorkflowHistory.from_json("ingest", json.loads(changed)))


def test_every_job_type_has_a_history() -> None:
    assert {path.stem.split("-")[0] for path in HISTORIES} >= {"ingest", "preview", "save", "playlist", "webhook"}
