"""Requests to Temporal: a bound on those under way, and whether it answers, asked once for all tables."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Final

from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client

from audioprep.bridge.temporal.errors import TemporalRefused, TemporalUnavailable, temporal_errors

CALL_TIMEOUT: Final = timedelta(seconds=10)
_FRESH: Final = 2.0  # seconds for which an answer of Temporal's proves that it is there
_AWAY: Final = 1.0  # seconds for which a refusal is passed on to others that ask


class TemporalGate:
    """`calls` are requests under way at once, at most; those that wait for an event cost the server nothing.

    Raises TemporalUnavailable.
    """

    def __init__(self, client: Client, calls: int = 20) -> None:
        self._client = client
        self._free = asyncio.Semaphore(calls)
        self._answered = float("-inf")
        self._refused: tuple[float, str] = (float("-inf"), "")
        self._checking = asyncio.Lock()

    async def check(self) -> None:
        """Raises TemporalUnavailable when it cannot be reached or does not know our namespace.

        Nothing is asked while its last answer, to whatever question, is fresh.
        """
        async with self._checking:
            if time.monotonic() - self._answered < _FRESH:
                return
            since, reason = self._refused
            if time.monotonic() - since < _AWAY:
                raise TemporalUnavailable(reason)
            try:
                await self._describe_namespace()
            except TemporalUnavailable as error:
                self._refused = (time.monotonic(), str(error))
                raise

    async def _describe_namespace(self) -> None:
        request = DescribeNamespaceRequest(namespace=self._client.namespace)
        try:
            async with self.asking():
                await self._client.workflow_service.describe_namespace(request, timeout=CALL_TIMEOUT)
        except TemporalRefused as error:
            raise TemporalUnavailable(str(error)) from error

    @asynccontextmanager
    async def asking(self) -> AsyncIterator[None]:
        """Ask Temporal when there is room, and remember when it last answered."""
        async with self._free:
            try:
                with temporal_errors():
                    yield
            except TemporalUnavailable:
                self._answered = float("-inf")
                raise
            else:
                self._answered = time.monotonic()
