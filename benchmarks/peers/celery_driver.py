"""Gives Celery's worker work, and prints how long it took: `python -m benchmarks.peers.celery_driver < ORDER`.

The order is JSON: `{"jobs": [[command, ...], ...], "looks": n}`; the answer `{"seconds": s, "waits": [s, ...]}`.
"""

import json
import sys
import time
from typing import Any

from benchmarks.peers.celery_app import look, save


def main() -> None:
    order: dict[str, Any] = json.load(sys.stdin)
    look.delay().get(timeout=60)
    waits = []
    for _ in range(order["looks"]):
        began = time.time()
        waits.append(look.delay().get(timeout=60) - began)
    began = time.time()
    for result in [save.delay(job) for job in order["jobs"]]:
        result.get(timeout=1800)
    print(json.dumps({"seconds": time.time() - began, "waits": waits}))


if __name__ == "__main__":
    main()
