"""A worker as ours, which also knows the trial jobs: `python -m benchmarks.trial.worker`."""

import asyncio

from audioprep.extension import Extension
from audioprep.plugin import AudioPrepPlugin
from audioprep.roles import until_signalled
from audioprep.settings import Settings
from audioprep.telemetry.logs import configure_logging
from audioprep.temporal.connection import connect
from audioprep.worker.worker import build_worker
from benchmarks.trial.workflow import TrialActivities, TrialWorkflow

_TRIALS = Extension([TrialWorkflow], lambda _: [TrialActivities().wait])


async def main() -> None:
    settings = Settings()
    configure_logging(settings.log)
    client = await connect(AudioPrepPlugin(settings, [_TRIALS]))
    async with until_signalled() as stop, build_worker(client, settings):
        await stop.wait()


if __name__ == "__main__":
    asyncio.run(main())
