"""Delivery of one webhook: attempts with exponential back-off for three days."""

import asyncio
from datetime import timedelta
from typing import Final

from temporalio import workflow
from temporalio.common import Priority, RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError

with workflow.unsafe.imports_passed_through():
    from audioprep.activities.webhooks import WebhookActivities
    from audioprep.jobs.errors import ErrorKind
    from audioprep.jobs.request import downloads_queue
    from audioprep.jobs.webhooks.event import (
        GIVE_UP_AFTER,
        MAX_TRY,
        WEBHOOK_WORKFLOW,
        WebhookDelivery,
        WebhookReceipt,
    )

_RETRIES: Final = RetryPolicy(
    initial_interval=timedelta(seconds=1), backoff_coefficient=2, maximum_interval=timedelta(hours=1)
)
_START_TO_CLOSE: Final = 3 * MAX_TRY  # the attempt ends itself earlier, unless its worker is dead
_FAIRNESS_KEY: Final = "webhooks"  # apart from the sites that downloads visit


@workflow.defn(name=WEBHOOK_WORKFLOW)
class WebhookWorkflow:
    """Fails when the receiver answers 410, or has not accepted the webhook for three days."""

    @workflow.run
    async def run(self, delivery: WebhookDelivery) -> WebhookReceipt:
        deadline = workflow.now() + GIVE_UP_AFTER
        while True:
            try:
                return await self._attempts(delivery, deadline - workflow.now())
            except ActivityError as error:
                pause = _pause_of(error)
                if pause is None or workflow.now() >= deadline:
                    raise
            await asyncio.sleep(pause)

    async def _attempts(self, delivery: WebhookDelivery, within: timedelta) -> WebhookReceipt:
        return await workflow.execute_activity_method(
            WebhookActivities.deliver_webhook,
            delivery,
            task_queue=downloads_queue(workflow.info().task_queue),
            priority=Priority(fairness_key=_FAIRNESS_KEY),
            summary=delivery.type,
            schedule_to_close_timeout=within,
            start_to_close_timeout=_START_TO_CLOSE,
            retry_policy=_RETRIES,
        )


def _pause_of(error: ActivityError) -> float | None:
    """Seconds after which to go on, when a worker handed the step over; None when the delivery has failed."""
    match error.cause:
        case ApplicationError(
            type=(ErrorKind.WORKER_SHUTDOWN.value | ErrorKind.SITE_BUSY.value),
            details=[_, (int() | float()) as wait, *_],
        ):
            return float(wait)
        case _:
            return None
