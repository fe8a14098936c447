"""A job made for measuring, which the product does not know: a route takes it to its workflow."""

import json
from typing import Final

from audioprep.jobs.payload import WireModel

TRIAL: Final = "trial"
TRIAL_WORKFLOW: Final = "BenchmarkTrial"
TRIAL_ROUTES: Final = {"AUDIOPREP_ROUTES": json.dumps({TRIAL: TRIAL_WORKFLOW})}


class TrialPayload(WireModel):
    """`seconds` is how long the one step lasts, `beat` the seconds between two of its heartbeats."""

    seconds: float = 0.0
    beat: float = 1.0
