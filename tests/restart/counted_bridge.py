"""The bridge, with a count of its requests to Temporal: `python -m tests.restart.counted_bridge FILE`.

FILE holds `{"most": 20, "waiting": 2000}`: the most requests under way at once, and apart from these the most that only
waited for an event of a workflow.
"""

import json
import sys
from pathlib import Path
from typing import Any

from temporalio.api.workflowservice.v1 import GetWorkflowExecutionHistoryRequest
from temporalio.service import ServiceClient

from audioprep.cli import main


class Count:
    """Requests under way now, and the most there were."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._now = {"most": 0, "waiting": 0}
        self._most = dict(self._now)

    def change(self, kind: str, by: int) -> None:
        self._now[kind] += by
        if self._now[kind] > self._most[kind]:
            self._most[kind] = self._now[kind]
            self._file.write_text(json.dumps(self._most))


def count_requests(transport: type[ServiceClient], count: Count) -> None:
    """Every request of the SDK's Python side goes through this one method."""
    call = transport._rpc_call

    async def counted(self: ServiceClient, rpc: str, req: Any, *arguments: Any, **options: Any) -> Any:
        waits = isinstance(req, GetWorkflowExecutionHistoryRequest) and req.wait_new_event
        kind = "waiting" if waits else "most"
        count.change(kind, 1)
        try:
            return await call(self, rpc, req, *arguments, **options)
        finally:
            count.change(kind, -1)

    transport._rpc_call = counted  # type: ignore[method-assign]


if __name__ == "__main__":
    for transport in ServiceClient.__subclasses__():
        count_requests(transport, Count(Path(sys.argv[1])))
    sys.argv[1:] = ["bridge"]
    main()
