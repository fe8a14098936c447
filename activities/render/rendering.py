"""Rendering of one recipe: the graph measured, encoded, and the output verified."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from audioprep.activities.attempt.context import AttemptContext
from audioprep.activities.ffmpeg.command import input_options
from audioprep.activities.ffmpeg.run import FfmpegRun, ProgressCallback, run_ffmpeg, subrange
from audioprep.activities.render.chains import (
    CLIPPED,
    PEAK_METER,
    chart_meter,
    is_too_short_to_measure,
    mastering_filters,
    meter,
    metered_samples,
    quick_meter,
)
from audioprep.activities.render.encoding import Encoding
from audioprep.activities.render.graph import OUTPUT, Graph, build_graph
from audioprep.activities.render.loudness import Loudness, Mastering, estimated, parse_peak, parse_summary
from audioprep.activities.render.metering.loudness_chart import LoudnessChart, log_bytes, read_chart
from audioprep.activities.render.recipe_sources import RecipeSources
from audioprep.activities.render.tagging.labels import labelled
from audioprep.activities.render.verification import check_frames, check_peak, check_seconds, peaks_in
from audioprep.activities.resources import ActivityResources
from audioprep.jobs.errors import ErrorKind, TransientError
from audioprep.jobs.types.recipe import Recipe

_SLACK = 1 << 20  # bytes a file may have beyond what we expect
_ENCODED, _METERED = 0.7, 0.95  # of the time, where a file is decoded again, and where it is metered as it is made


@dataclass(frozen=True, slots=True)
class Rendering:
    """A graph whose sources are at hand, and the folder to work in."""

    graph: Graph
    folder: Path

    def size(self, encoding: Encoding) -> int:
        """Bytes of the file to come, at most."""
        return encoding.size(self.graph.frames, self.graph.sample_rate, self.graph.channels)

    async def measure(self, report: ProgressCallback, band: int | None = None) -> Loudness:
        """Loudness of what the graph gives, before any mastering, and an estimate of its true peak.

        One decode, nothing is written. Looking between the samples is what takes a meter longest. `band` is the sample
        rate that holds all of the sound which an encoder will keep.
        """
        return estimated(await self._meter_graph(quick_meter(self.graph, band), report))

    async def measure_mastered(
        self, mastering: Mastering, report: ProgressCallback, band: int | None = None
    ) -> Loudness:
        """Loudness and sample peak with a mastering whose limiter works at the graph's own rate.

        Quicker than the real one, and as loud as that within a tenth or two.
        """
        chain = mastering_filters(mastering, self.graph, oversample=False)
        heard = await self._meter_graph(f"{chain},{quick_meter(self.graph, band)}", report)
        # What a resampler adds to the limiter's peaks says nothing of those that the file will have.
        peaks = [peak for peak in (heard.true_peak, mastering.limit) if peak is not None]
        return heard.model_copy(update={"true_peak": min(peaks, default=None)})

    async def encode(self, path: Path, encoding: Encoding, mastering: Mastering, report: ProgressCallback) -> None:
        """Decode, graph, mastering and encoding in one run; `path` is replaced."""
        clipped = f",{CLIPPED}" if encoding.clipped else ""
        await self._encode(path, encoding, f"{self._mastered(mastering)}{clipped}[out]", report)

    async def encode_and_measure(
        self, path: Path, encoding: Encoding, mastering: Mastering, ceiling: float, report: ProgressCallback
    ) -> Loudness:
        """Like `encode`, and how loud the file is. A true peak below `ceiling` may be reported lower than it is.

        The samples of a WAV file are metered on their way into it, which saves a decode, and the file's peaks are found
        in the file. Any other file is decoded again: encoding has its own effect on loudness and peaks.
        """
        if encoding.samples is None:
            await self.encode(path, encoding, mastering, subrange(report, 0, _ENCODED))
            return await self.check_and_measure(path, subrange(report, _ENCODED, 1))
        filters = f"{self._mastered(mastering)},{metered_samples(self.graph, encoding.samples)}"
        run = await self._encode(path, encoding, filters, subrange(report, 0, _METERED), loglevel="info")
        heard = _loudness_in(run)
        peaks = await peaks_in(path, self.graph, ceiling, lambda: report(_METERED))
        check_peak(self.graph, heard.true_peak, min(peaks.sample or 0.0, 0.0))
        return heard.model_copy(update={"true_peak": peaks.true})

    def _mastered(self, mastering: Mastering) -> str:
        """The graph and its mastering, whose output has no label yet."""
        return f"{self.graph.filters};{OUTPUT}{mastering_filters(mastering, self.graph)}"

    async def _encode(
        self, path: Path, encoding: Encoding, filters: str, report: ProgressCallback, loglevel: str = "error"
    ) -> FfmpegRun:
        more, tags = labelled(encoding.labels, self.graph.inputs.count("-i"))
        sound = ["-filter_complex", filters, "-map", "[out]"]
        arguments = [*self.graph.inputs, *more, *sound, *tags, "-bitexact", *encoding.options]
        most = self.size(encoding) + _SLACK
        options = ["-y", "-loglevel", loglevel]
        return await run_ffmpeg([*options, *arguments, f"file:{path}"], report, self.graph.seconds, self.folder, most)

    async def check(self, path: Path, encoding: Encoding, report: ProgressCallback) -> None:
        """Raises an error unless the file is as long as it must be: to the sample for WAV, to a frame otherwise."""
        if encoding.samples is not None:
            await asyncio.to_thread(check_frames, path, self.graph)
            return
        decode = [*input_options(path), "-map", "0:a:0", "-f", "null", "-"]
        run = await run_ffmpeg(decode, report, self.graph.seconds, self.folder)
        check_seconds(self.graph, run.seconds)

    async def check_and_find_peak(self, path: Path, report: ProgressCallback) -> float | None:
        """Like `check` of a lossy file, and its true peak as oversampling shows it; None for silence."""
        meter = ["-af", PEAK_METER, "-c:a", "pcm_f32le"]
        decode = ["-loglevel", "info", *input_options(path), "-map", "0:a:0", *meter, "-f", "null", "-"]
        run = await run_ffmpeg(decode, report, self.graph.seconds, self.folder)
        check_seconds(self.graph, run.seconds)
        return parse_peak(run.said)

    async def check_and_measure(self, path: Path, report: ProgressCallback) -> Loudness:
        """Like `check` of a lossy file, and its loudness and true peak."""
        measured = ["-af", meter(self.graph)]
        arguments = ["-loglevel", "info", *input_options(path), "-map", "0:a:0", *measured]
        loudness, seconds = await self._meter(arguments, report)
        if not is_too_short_to_measure(self.graph):
            check_seconds(self.graph, seconds)
        return loudness

    async def chart(self, report: ProgressCallback) -> LoudnessChart:
        """Loudness over time of what the graph gives, before any mastering."""
        filters = f"{self.graph.filters};{OUTPUT}{chart_meter(self.graph)}[out]"
        return await self._chart([*self.graph.inputs, "-filter_complex", filters, "-map", "[out]"], report)

    async def chart_of_file(self, path: Path, report: ProgressCallback) -> LoudnessChart:
        """Loudness over time of a file that was made of the graph."""
        return await self._chart([*input_options(path), "-map", "0:a:0", "-af", chart_meter(self.graph)], report)

    async def _chart(self, arguments: list[str | Path], report: ProgressCallback) -> LoudnessChart:
        seconds, most = self.graph.seconds, log_bytes(self.graph.seconds)
        command = ["-loglevel", "info", *arguments, "-f", "null", "-"]
        run = await run_ffmpeg(command, report, seconds, self.folder, most)
        chart = await asyncio.to_thread(read_chart, self.folder, run.said, seconds)
        if chart is None:
            raise _silent_meter()
        return chart

    async def _meter_graph(self, chain: str, report: ProgressCallback) -> Loudness:
        filters = f"{self.graph.filters};{OUTPUT}{chain}[out]"
        arguments = ["-loglevel", "info", *self.graph.inputs, "-filter_complex", filters, "-map", "[out]"]
        return (await self._meter(arguments, report))[0]

    async def _meter(self, arguments: list[str | Path], report: ProgressCallback) -> tuple[Loudness, float]:
        run = await run_ffmpeg([*arguments, "-f", "null", "-"], report, self.graph.seconds, self.folder)
        return _loudness_in(run), run.seconds


def _loudness_in(run: FfmpegRun) -> Loudness:
    loudness = parse_summary(run.said)
    if loudness is None:
        raise _silent_meter()
    return loudness


def _silent_meter() -> TransientError:
    return TransientError(ErrorKind.CHILD_FAILED, "ffmpeg ended without saying how loud the audio is.")


async def open_rendering(
    recipe: Recipe, sample_rate: int, resources: ActivityResources, step: AttemptContext, report: ProgressCallback
) -> Rendering:
    """Bring the recipe's sources to this machine and build the graph over them. Raises what `Sources.gather` does."""
    clips = await RecipeSources(resources, step, report).gather(recipe)
    return Rendering(build_graph(clips, sample_rate), step.scratch)
