"""The step of a tone job."""

from temporalio import activity

from audioprep.activities.probe import probe
from audioprep.activities.resources import Resources
from audioprep.jobs import keys
from audioprep.jobs.status import Stage
from audioprep.jobs.tone import TonePayload, ToneResult


class ToneActivities:
    """ffprobe looks at the recording's headers."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    @activity.defn(name="audioprep.look")
    async def look(self, order: TonePayload) -> ToneResult:
        """Sample rate and channels of what is stored."""
        async with self._resources.step(Stage.ANALYZING) as step:
            found = await self._resources.storage.find(keys.checked(order.storage_key))
            self._resources.limits.check_size(found.size)
            probed = await probe(await self._resources.fetch(found, "source", step), step.scratch)
        return ToneResult(sample_rate=probed.sample_rate, channels=probed.channels)
