"""Every measurement, in the order of the results."""

from typing import Final

from benchmarks import (
    against,
    cancels,
    claim,
    completion,
    idle,
    inflight,
    jobcost,
    media,
    memory,
    pickup,
    saves,
    stages,
    startup,
    throughput,
)
from benchmarks.measurement import Measurement

MEASUREMENTS: Final[tuple[Measurement, ...]] = (
    saves.MEASUREMENT,
    against.MEASUREMENT,
    throughput.MEASUREMENT,
    pickup.MEASUREMENT,
    cancels.MEASUREMENT,
    completion.MEASUREMENT,
    idle.MEASUREMENT,
    jobcost.MEASUREMENT,
    claim.MEASUREMENT,
    inflight.MEASUREMENT,
    memory.MEASUREMENT,
    media.MEASUREMENT,
    startup.MEASUREMENT,
    stages.MEASUREMENT,
)
