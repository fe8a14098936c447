"""The result of a workflow in any language, as JSON text for the row."""

import json

import pytest
from temporalio.api.common.v1 import Payload
from temporalio.api.workflowservice.v1 import DescribeWorkflowExecutionResponse
from temporalio.client import WorkflowExecutionDescription
from temporalio.common import RawValue
from temporalio.converter import DataConverter

from audioprep.bridge.temporal.reading import Reader
from audioprep.bridge.views import Completed, Failed


async def _read(data: bytes) -> Completed | Failed:
    result = RawValue(Payload(metadata={"encoding": b"json/plain"}, data=data))
    return await Reader(DataConverter.default).completed(result, _Closed())


class _Closed(WorkflowExecutionDescription):
    """A description that says nothing but that the workflow is closed."""

    def __init__(self) -> None:

        self.raw_description = DescribeWorkflowExecutionResponse()
        self.close_time = None


@pytest.mark.parametrize("data", [b"NaN", b'{"a": -Infinity}', b"1e999", b"[" * 100_000, b"9" * 5000, b"{"])
async def test_what_is_not_json_fails_the_job(data: bytes) -> None:
    view = await _read(data)

    assert isinstance(view, Failed)
    assert view.kind == "InvalidResult"


async def test_half_a_surrogate_pair_does_not_lose_a_result() -> None:
    view = await _read(b'{"text": "cut \\ud83d", "whole": "\\ud83d\\ude00"}')

    assert isinstance(view, Completed)
    assert json.loads(view.result.encode()) == {"text": "cut ?", "whole": "\N{GRINNING FACE}"}
