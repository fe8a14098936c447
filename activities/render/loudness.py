"""Loudness normalisation (ITU-R BS.1770): measurements, targets, and the gain from one to the other. Pure.

One linear gain moves the programme to its target, so its dynamics stay as they are. Only when its peaks would then pass
the ceiling, a limiter takes them down, and the gain is raised by what that costs. Where both cannot hold, the ceiling
wins: the result stays quieter than its target.

Silence, and anything below the absolute gate of -70 LUFS (ITU-R BS.1770-4), has no loudness and passes unchanged.
"""

import math
import re
from collections.abc import Sequence

from pydantic import Field

from audioprep.jobs.payload import WireModel
from audioprep.jobs.types.recipe import Recipe

MAX_RENDERS = 6
_GATE = -70.0  # LUFS
TOLERANCE = 0.2  # LU; ebur128 prints tenths, and 0.5 is what we promise
_MARGIN = 0.1  # dB below the ceiling: half a printed step, rounded up
_HEADROOM = 0.5  # dB from the limiter to the ceiling, for what coming back from the higher rate adds
_INTERSAMPLE_MARGIN = 1.0  # dB by which the true peak of music and speech is seldom higher than its highest sample
# dB of the last resort, a linear gain. The true peak is measured by interpolation, which adds 7.5 dB at most to a
# sample peak: the sum of the magnitudes of swresample's filter (32 taps, Kaiser, beta 9) half-way between two samples.
# `_BETWEEN` is in the estimate already; a lossy codec moves peaks by less than what that leaves.
_FALLBACK_HEADROOM = 7.5
_MAX_PUSH = 24.0  # dB of gain beyond the linear one: with more, only the noise between the peaks would grow
_MIN_LIMIT = -24.0  # dBFS, the lowest alimiter takes
_FULL_SCALE = -0.1  # dBTP that a preview stays under
_SURPRISE = 4.0  # dB by which a true peak may pass its estimate: what lies between samples, and what a codec adds
_MIN_SLOPE = 0.2  # LU per dB: what a limited programme gains by gain, at least, when we predict
_EPSILON = 1e-6

_INTEGRATED = re.compile(r"^[ \t]*I:[ \t]+(-?(?:\d+(?:\.\d+)?|inf|nan)) LUFS", re.MULTILINE)
_PEAK_LEVEL = re.compile(r"Peak level dB: (-?(?:\d+(?:\.\d+)?|inf|nan))$", re.MULTILINE)
_PEAK = re.compile(r"^[ \t]*Peak:[ \t]+(-?(?:\d+(?:\.\d+)?|inf|nan)) dBFS", re.MULTILINE)


class LoudnessTarget(WireModel):
    """Where a programme should be: LUFS, and the ceiling of its true peak in dBTP."""

    lufs: float = -24.0
    true_peak: float = -2.0

    def of(self, recipe: Recipe) -> "LoudnessTarget":
        """What a recipe asks for, where it does."""
        return LoudnessTarget(
            lufs=self.lufs if recipe.target_lufs is None else recipe.target_lufs,
            true_peak=self.true_peak if recipe.true_peak is None else recipe.true_peak,
        )


class Loudness(WireModel):
    """What ebur128 measured. None stands for no loudness (below the gate) and for no peak (digital silence).

    The peak is that of the samples where nobody looked between them.
    """

    integrated: float | None = Field(description="LUFS")
    true_peak: float | None = Field(description="dBTP")


class Mastering(WireModel):
    """What is done to a programme: a gain in dB, and the limiter's threshold in dBFS, None for no limiter."""

    gain: float = 0.0
    limit: float | None = None


class Plan(WireModel):
    """What a programme sounds like before mastering, and the mastering to begin with."""

    measured: Loudness
    mastering: Mastering


MasteringAttempt = tuple[Mastering, Loudness]
"""A mastering that was rendered, and what came out of it."""


def parse_summary(text: str) -> Loudness | None:
    """The summary that ffmpeg's ebur128 prints when it ends; None when there is none in `text`."""
    integrated, peaks = _INTEGRATED.findall(text), _PEAK.findall(text)
    if not integrated or not peaks:
        return None
    lufs, peak = float(integrated[-1]), float(peaks[-1])
    return Loudness(
        # Samples may be infinite or no numbers at all: such a sound has no loudness either.
        integrated=lufs if lufs > _GATE and math.isfinite(lufs) else None,
        true_peak=peak if math.isfinite(peak) else None,
    )


def parse_peak(text: str) -> float | None:
    """dBFS of the overall peak that ffmpeg's astats prints when it ends; None for silence and when there is none."""
    levels = _PEAK_LEVEL.findall(text)
    peak = float(levels[-1]) if levels else math.nan
    return peak if math.isfinite(peak) else None


def estimated(heard: Loudness) -> Loudness:
    """The true peak, estimated from the peak of the samples.

    It decides whether a limiter is needed: one too many has nothing to do, and one too few shows when the file is
    measured.
    """
    peak = heard.true_peak
    return heard.model_copy(update={"true_peak": None if peak is None else round(peak + _INTERSAMPLE_MARGIN, 1)})


def first_mastering(measured: Loudness, target: LoudnessTarget) -> Mastering:
    """The linear gain, and a limiter if it is needed."""
    if measured.integrated is None:
        return Mastering()
    return _mastering(measured, target, target.lufs - measured.integrated, None)


def next_mastering(
    measured: Loudness, target: LoudnessTarget, trials: Sequence[MasteringAttempt], tolerance: float = TOLERANCE
) -> Mastering | None:
    """What to try after the last trial; None when its result is to be kept."""
    last, result = trials[-1]
    if measured.integrated is None or result.integrated is None or result.true_peak is None:
        return None
    over = result.true_peak - highest_peak(target)
    missing = target.lufs - result.integrated
    too_high, off_target = over > _EPSILON, abs(missing) > tolerance + _EPSILON
    if (not too_high and not off_target) or len(trials) >= MAX_RENDERS:
        return None
    if len(trials) == MAX_RENDERS - 1:
        return _fallback(measured, target) if too_high else _better(trials, target)
    gain = last.gain + (missing / _slope(trials) if off_target else 0.0)
    gain = min(gain, target.lufs - measured.integrated + _MAX_PUSH)
    limit = last.limit
    if too_high:
        limit = (target.true_peak - _HEADROOM if limit is None else limit) - max(over, _MARGIN)
    revised = _mastering(measured, target, gain, limit)
    return None if revised == last else revised


def highest_peak(target: LoudnessTarget) -> float:
    """The true peak, in dBTP, up to which a file is under the ceiling by any meter."""
    return target.true_peak - _MARGIN


def may_clip(plan: Plan) -> bool:
    """Whether peaks could pass full scale in a lossy file that was made by this plan."""
    if plan.mastering.limit is not None:
        return True
    return plan.measured.true_peak is not None and plan.measured.true_peak + plan.mastering.gain > -_SURPRISE


def lowered(mastering: Mastering, peak: float | None) -> Mastering | None:
    """The same with lower peaks, after a file whose true peak was `peak`; None when that is under full scale."""
    if peak is None or peak <= _FULL_SCALE:
        return None
    over = peak - _FULL_SCALE + _MARGIN
    limit = -over if mastering.limit is None else mastering.limit - over
    return mastering.model_copy(update={"limit": round(max(limit, _MIN_LIMIT), 3)})


def _mastering(measured: Loudness, target: LoudnessTarget, gain: float, limit: float | None) -> Mastering:
    peak = float("-inf") if measured.true_peak is None else measured.true_peak
    if limit is None and peak + gain > target.true_peak - 2 * _MARGIN:
        limit = target.true_peak - _HEADROOM
    return Mastering(gain=round(gain, 3), limit=None if limit is None else round(max(limit, _MIN_LIMIT), 3))


def _slope(trials: Sequence[MasteringAttempt]) -> float:
    """LU gained per dB of gain between the last two trials: below 1 where the limiter works, 1 before one knows."""
    if len(trials) < 2:
        return 1.0
    (before, heard_before), (after, heard_after) = trials[-2:]
    step = after.gain - before.gain
    if abs(step) < _EPSILON or heard_before.integrated is None or heard_after.integrated is None:
        return 1.0
    return min(max((heard_after.integrated - heard_before.integrated) / step, _MIN_SLOPE), 1.0)


def _better(trials: Sequence[MasteringAttempt], target: LoudnessTarget) -> Mastering | None:
    """The trial that came closest to the target under the ceiling; None when that is the last one.

    A programme may get quieter by more gain, where the limiter has not recovered from one burst before the next.
    """
    ceiling = highest_peak(target) + _EPSILON
    fitting = [trial for trial in trials if trial[1].true_peak is not None and trial[1].true_peak <= ceiling]
    best = min(fitting, key=lambda trial: abs(target.lufs - (trial[1].integrated or _GATE)), default=trials[-1])[0]
    return None if best == trials[-1][0] else best


def _fallback(measured: Loudness, target: LoudnessTarget) -> Mastering:
    """No limiter, and so quiet that the ceiling holds in any case."""
    wanted = target.lufs - (measured.integrated or 0.0)
    ceiling = target.true_peak - _FALLBACK_HEADROOM - (measured.true_peak or 0.0)
    return Mastering(gain=round(min(wanted, ceiling), 3))
