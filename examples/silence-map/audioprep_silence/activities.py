"""The one step: fetch the recording, and let ffmpeg listen for silence."""

import asyncio
import re
from pathlib import Path
from typing import Final

from temporalio import activity

from audioprep.activities.ffmpeg.command import input_options
from audioprep.activities.ffmpeg.probe import probe
from audioprep.activities.ffmpeg.run import run_ffmpeg
from audioprep.activities.resources import ActivityResources
from audioprep.jobs import keys
from audioprep.jobs.status import Stage
from audioprep_silence.job import Silence, SilenceMap, SilencePayload

_REPORT: Final = "silences.txt"
_MAX_REPORT: Final = 8 * 1024 * 1024  # bytes; one silence takes some 150
_EVENT: Final = re.compile(r"lavfi\.silence_(start|end)=(-?[\d.]+)")


class SilenceActivities:
    def __init__(self, resources: ActivityResources) -> None:
        self._resources = resources

    @activity.defn(name="silence-map.listen")
    async def listen(self, order: SilencePayload) -> SilenceMap:
        """Where the recording is silent. Neither a cancel nor a worker that stops leaves an ffmpeg or a file behind."""
        async with self._resources.step(Stage.DOWNLOADING) as step:
            found = await self._resources.storage.stat(keys.checked(order.storage_key))
            self._resources.limits.check_size(found.size)
            source = await self._resources.fetch(found, "source", step)
            probed = await probe(source, step.scratch)
            step.enter_stage(Stage.ANALYZING)
            listening = [*input_options(source), "-vn", "-af", _filter(order), "-f", "null", "-"]
            run = await run_ffmpeg(listening, step.report_progress, probed.duration, step.scratch, _MAX_REPORT)
            silences = await asyncio.to_thread(_silences, step.scratch / _REPORT, run.seconds)
            return SilenceMap(duration=run.seconds, silences=silences)


def _filter(order: SilencePayload) -> str:
    detect = f"silencedetect=noise={order.threshold_db:g}dB:duration={order.min_seconds:g}:mono=0"
    return f"{detect},ametadata=mode=print:file={_REPORT}"


def _silences(report: Path, duration: float) -> tuple[Silence, ...]:
    """What the filter noted. A silence that lasts to the end of the recording has no end of its own."""
    text = report.read_text() if report.exists() else ""
    begins = [max(float(value), 0.0) for kind, value in _EVENT.findall(text) if kind == "start"]
    ends = [float(value) for kind, value in _EVENT.findall(text) if kind == "end"]
    return tuple(Silence(start=start, end=end) for start, end in zip(begins, [*ends, duration], strict=False))
