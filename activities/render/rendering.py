"""Rendering of one recipe: the graph measured, encoded, and the output verified."""

import asyncio
import math
from dataclasses import dataclass
from pathlib import Path

from audioprep.activities.attempt.context import AttemptContext
from audioprep.activities.ffmpeg.command import input_options
from audioprep.activities.ffmpeg.run import ProgressCallback, run_ffmpeg
from audioprep.activities.render.encoding import WAV, Encoding, wav_frames
from audioprep.activities.render.graph import OUTPUT, Graph, build_graph
from audioprep.activities.render.loudness import Loudness, Mastering, estimated, parse_peak, parse_summary
from audioprep.activities.render.recipe_sources import RecipeSources
from audioprep.activities.resources import ActivityResources
from audioprep.jobs.errors import ErrorKind, PermanentError, TransientError
from audioprep.jobs.types.recipe import Recipe

_MEASURABLE = 0.4  # seconds: one block of BS.1770; ebur128 has no value for anything shorter
_LENGTH_TOLERANCE = 0.1  # seconds that an encoder's frames may add to or take from a file
_FRAME = 1152  # samples of the longest frame: MPEG-1 layer III's; at 8 kHz and below it is more than the tolerance
_SLACK = 1 << 20  # bytes a file may have beyond what we expect
_OVERSAMPLED = 88_200  # hertz at which a limiter sees nearly all of what lies between samples; the file is measured
_PEAK_RATE = 96_000  # hertz at which the samples of a sound come close to its true peak
_METER_RATE, _LOWEST_METER_RATE = 48_000, 8_000  # hertz; the K-weighting needs more than twice 1682 Hz (BS.1770-4)
_PEAK_METER = "astats=measure_overall=Peak_level:measure_perchannel=none"
_METER = "ebur128=peak=true:framelog=verbose"  # the frames' own lines are not wanted, the summary is
_QUICK_METER = "ebur128=peak=sample:framelog=verbose"
_TO_FLOAT = "aformat=sample_fmts=fltp"


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
        return estimated(await self._meter_graph(f"{self._measurable(band)}{_QUICK_METER}", report))

    async def measure_mastered(
        self, mastering: Mastering, report: ProgressCallback, band: int | None = None
    ) -> Loudness:
        """Loudness and sample peak with a mastering whose limiter works at the graph's own rate.

        Quicker than the real one, and as loud as that within a tenth or two.
        """
        chain = mastering_filters(mastering, self.graph.sample_rate, self.graph.frames, factor=1)
        heard = await self._meter_graph(f"{chain},{self._measurable(band)}{_QUICK_METER}", report)
        # What a resampler adds to the limiter's peaks says nothing of those that the file will have.
        peaks = [peak for peak in (heard.true_peak, mastering.limit) if peak is not None]
        return heard.model_copy(update={"true_peak": min(peaks, default=None)})

    async def encode(self, path: Path, encoding: Encoding, mastering: Mastering, report: ProgressCallback) -> None:
        """Decode, graph, mastering and encoding in one run; `path` is replaced."""
        factor = math.ceil(_OVERSAMPLED / self.graph.sample_rate)
        chain = mastering_filters(mastering, self.graph.sample_rate, self.graph.frames, factor)
        filters = f"{self.graph.filters};{OUTPUT}{chain}[out]"
        plain = ["-map_metadata", "-1", "-bitexact"]
        arguments = [*self.graph.inputs, "-filter_complex", filters, "-map", "[out]", *plain, *encoding.options]
        most = self.size(encoding) + _SLACK
        await run_ffmpeg(["-y", *arguments, f"file:{path}"], report, self.graph.seconds, self.folder, most)

    async def check(self, path: Path, encoding: Encoding, report: ProgressCallback) -> None:
        """Raises an error unless the file is as long as it must be: to the sample for WAV, to a frame otherwise."""
        if encoding is WAV:
            await asyncio.to_thread(self._check_samples, path)
            return
        decode = [*input_options(path), "-map", "0:a:0", "-f", "null", "-"]
        run = await run_ffmpeg(decode, report, self.graph.seconds, self.folder)
        self._check_seconds(run.seconds)

    async def check_and_find_peak(self, path: Path, report: ProgressCallback) -> float | None:
        """Like `check` of a lossy file, and its true peak as oversampling shows it; None for silence."""
        meter = ["-af", f"aresample={_PEAK_RATE},{_TO_FLOAT},{_PEAK_METER}", "-c:a", "pcm_f32le"]
        decode = ["-loglevel", "info", *input_options(path), "-map", "0:a:0", *meter, "-f", "null", "-"]
        run = await run_ffmpeg(decode, report, self.graph.seconds, self.folder)
        self._check_seconds(run.seconds)
        return parse_peak(run.said)

    async def check_and_measure(self, path: Path, encoding: Encoding, report: ProgressCallback) -> Loudness:
        """Like `check`, and the loudness of the file: encoding has its own effect on peaks."""
        if encoding is WAV:
            await asyncio.to_thread(self._check_samples, path)
        meter = ["-af", f"{self._measurable()}{_METER}"]
        arguments = ["-loglevel", "info", *input_options(path), "-map", "0:a:0", *meter]
        loudness, seconds = await self._meter(arguments, report)
        if not self._too_short_to_measure:
            self._check_seconds(seconds)
        return loudness

    async def _meter_graph(self, chain: str, report: ProgressCallback) -> Loudness:
        filters = f"{self.graph.filters};{OUTPUT}{chain}[out]"
        arguments = ["-loglevel", "info", *self.graph.inputs, "-filter_complex", filters, "-map", "[out]"]
        return (await self._meter(arguments, report))[0]

    async def _meter(self, arguments: list[str | Path], report: ProgressCallback) -> tuple[Loudness, float]:
        run = await run_ffmpeg([*arguments, "-f", "null", "-"], report, self.graph.seconds, self.folder)
        loudness = parse_summary(run.said)
        if loudness is None:
            raise TransientError(ErrorKind.CHILD_FAILED, "ffmpeg ended without saying how loud the audio is.")
        return loudness, run.seconds

    @property
    def _too_short_to_measure(self) -> bool:
        return self.graph.seconds < _MEASURABLE

    def _measurable(self, band: int | None = None) -> str:
        """What goes before a meter: a sound too short for it is repeated, one of a low sample rate is resampled."""
        repeat = ""
        if self._too_short_to_measure:
            repeat = f"aloop=loop={math.ceil(1 / self.graph.seconds)}:size={self.graph.frames},"
        if self.graph.sample_rate < _LOWEST_METER_RATE:
            return f"{repeat}aresample={_METER_RATE},"
        return f"{repeat}aresample={band}," if band and band < self.graph.sample_rate else repeat

    def _check_samples(self, path: Path) -> None:
        try:
            frames = wav_frames(path)
        except (ValueError, OSError) as error:
            raise TransientError(ErrorKind.CHILD_FAILED, f"ffmpeg left no readable WAV file ({error}).") from None
        if frames != self.graph.frames:
            raise self._wrong_length(frames / self.graph.sample_rate)

    def _check_seconds(self, seconds: float) -> None:
        if abs(seconds - self.graph.seconds) > max(_LENGTH_TOLERANCE, _FRAME / self.graph.sample_rate):
            raise self._wrong_length(seconds)

    def _wrong_length(self, seconds: float) -> PermanentError:
        sentence = (
            f"The render came out {seconds:.3f} s long instead of {self.graph.seconds:.3f} s: "
            "a source did not decode as it did when it was measured."
        )
        return PermanentError(ErrorKind.UNSUPPORTED_MEDIA, sentence)


async def open_rendering(
    recipe: Recipe, sample_rate: int, resources: ActivityResources, step: AttemptContext, report: ProgressCallback
) -> Rendering:
    """Bring the recipe's sources to this machine and build the graph over them. Raises what `Sources.gather` does."""
    clips = await RecipeSources(resources, step, report).gather(recipe)
    return Rendering(build_graph(clips, sample_rate), step.scratch)


def mastering_filters(mastering: Mastering, rate: int, frames: int, factor: int) -> str:
    """The filters of a mastering. The limiter works at `factor` times the rate, where it sees peaks between samples.

    Resampling is done in single precision, which takes half the time of the double that alimiter would ask for.
    """
    chain = [_TO_FLOAT]
    if mastering.gain:
        chain.append(f"volume={mastering.gain:.3f}dB:precision=float")
    if mastering.limit is not None:
        linear = 10 ** (mastering.limit / 20)
        chain += [
            *(f"aresample={rate * factor}", _TO_FLOAT),
            f"alimiter=limit={linear:.6f}:level=false:attack=5:release=50:latency=true",
            *(_TO_FLOAT, f"aresample={rate}", _TO_FLOAT),
            f"apad=whole_len={frames}",
            f"atrim=end_sample={frames}",
        ]
    return ",".join(chain)
