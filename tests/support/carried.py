"""A worker of another program for types that are routed: the row's metadata says how the workflow ends."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from temporalio import workflow
from temporalio.api.common.v1 import Payload
from temporalio.client import Client
from temporalio.common import RawValue
from temporalio.worker import Worker

CARRIED = "CarriedWorkflow"


@workflow.defn(name=CARRIED, sandboxed=False)
class Carried:
    """`{"waits": true}` lets it run until the signal `end`; `result` names what it returns instead of
    `{"carried": true}`.
    """

    def __init__(self) -> None:
        self._may_end = False

    @workflow.signal
    def end(self) -> None:
        self._may_end = True

    @workflow.run
    async def run(self, request: dict[str, Any]) -> Any:
        if request["cancelled"]:
            raise asyncio.CancelledError
        if request["payload"].get("waits"):
            await workflow.wait_condition(lambda: self._may_end)
        match request["payload"].get("result"):
            case "bytes":
                return b"\x00\x01"
            case "NaN":
                return {"loudness": float("nan")}
            case "an unknown encoding":
                return RawValue(Payload(metadata={"encoding": b"binary/zlib"}, data=b"x"))
            case "an error in its code":
                raise RuntimeError("this workflow cannot go on")
            case _:
                return {"carried": True}


@asynccontextmanager
async def carriers(address: str, task_queue: str) -> AsyncIterator[None]:
    """The worker, with Temporal's own data converter, until the block ends."""
    async with Worker(await Client.connect(address), task_queue=task_queue, workflows=[Carried]):
        yield
