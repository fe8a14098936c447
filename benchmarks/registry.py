"""Every measurement, in the order of the results."""

from typing import Final

from benchmarks.bridge import (
    actions,
    cancels,
    claim,
    completion,
    databases,
    fairness,
    features,
    idle,
    inflight,
    jobcost,
    pickup,
    throughput,
)
from benchmarks.measurement import Measurement
from benchmarks.worker import against, media, memory, previews, recordings, saves, stages, startup

MEASUREMENTS: Final[tuple[Measurement, ...]] = (
    saves.MEASUREMENT,
    against.MEASUREMENT,
    throughput.MEASUREMENT,
    pickup.MEASUREMENT,
    cancels.MEASUREMENT,
    completion.MEASUREMENT,
    idle.MEASUREMENT,
    jobcost.MEASUREMENT,
    features.MEASUREMENT,
    actions.MEASUREMENT,
    claim.MEASUREMENT,
    inflight.MEASUREMENT,
    memory.MEASUREMENT,
    media.MEASUREMENT,
    startup.MEASUREMENT,
    stages.MEASUREMENT,
    fairness.MEASUREMENT,
    previews.MEASUREMENT,
    databases.MEASUREMENT,
    recordings.MEASUREMENT,
)
