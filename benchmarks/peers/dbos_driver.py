"""Gives DBOS' worker work, and prints how long it took: as `celery_driver`, with the same order and answer."""

import json
import os
import sys
import time
from typing import Any

from dbos import DBOSClient, EnqueueOptions

from benchmarks.peers.dbos_app import LOOKS, SAVES


def main() -> None:
    order: dict[str, Any] = json.load(sys.stdin)
    client = DBOSClient(system_database_url=os.environ["DBOS_URL"])
    _look(client)
    waits = [_look(client) for _ in range(order["looks"])]
    began = time.time()
    for handle in [client.enqueue(_options(SAVES, "save"), job) for job in order["jobs"]]:
        handle.get_result(polling_interval_sec=0.25)
    print(json.dumps({"seconds": time.time() - began, "waits": waits}))


def _look(client: DBOSClient) -> float:
    began = time.time()
    started: float = client.enqueue(_options(LOOKS, "look")).get_result(polling_interval_sec=0.05)
    return started - began


def _options(queue: str, workflow: str) -> EnqueueOptions:
    return {"queue_name": queue, "workflow_name": workflow, "app_version": "1"}


if __name__ == "__main__":
    main()
