"""What a worker loads of this package."""

from audioprep.extension import Extension
from audioprep_silence.activities import SilenceActivities
from audioprep_silence.workflow import SilenceMapWorkflow

EXTENSION = Extension(
    workflows=[SilenceMapWorkflow],
    activities=lambda resources: [SilenceActivities(resources).listen],
)
