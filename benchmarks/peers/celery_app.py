"""Celery's worker: `celery --app benchmarks.peers.celery_app worker`. REDIS_URL says where its broker is."""

import os

from celery import Celery

from benchmarks.peers.work import Command, run_commands, started_at

app = Celery("peer", broker=os.environ["REDIS_URL"], backend=os.environ["REDIS_URL"])
# As durable as Celery gets: a task counts as done when it is, and one whose worker died is done again.
app.conf.update(task_acks_late=True, worker_prefetch_multiplier=1, task_reject_on_worker_lost=True)


@app.task
def save(commands: list[Command]) -> None:
    run_commands(commands)


@app.task
def look() -> float:
    return started_at()
