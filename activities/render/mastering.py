"""Mastering of a rendering: rehearse the limiter, render, measure what came out, correct.

A save is measured until it is right. A preview is rehearsed as a save is, only less exactly, and rendered once, since
its gain is known by then. Its file is searched for clipped peaks only where the MP3 encoder could have made some.
"""

from pathlib import Path

from audioprep.activities.ffmpeg.run import ProgressCallback, subrange
from audioprep.activities.render.encoding import Encoding, preview_band
from audioprep.activities.render.loudness import (
    TOLERANCE,
    Loudness,
    LoudnessTarget,
    Mastering,
    MasteringAttempt,
    Plan,
    first_mastering,
    highest_peak,
    lowered,
    may_clip,
    next_mastering,
)
from audioprep.activities.render.rendering import Rendering

_FIRST = 0.7  # of the progress goes to the first pass, as much of the rest to the next one, and so on
_PREVIEW_TOLERANCE = 0.3  # LU
_PREVIEW_CEILING = -1.0  # dBTP at most, whatever the target's: an MP3 encoder raises peaks by so much
_PREVIEW_RENDERS = 3
_PLANNED = 0.3  # of a preview's rendering stage, where it is normalised
_ENCODED = 0.9  # of what is left; the rest is decoding what came out


async def plan_mastering(
    rendering: Rendering,
    target: LoudnessTarget,
    report: ProgressCallback,
    tolerance: float = TOLERANCE,
    band: int | None = None,
) -> Plan:
    """Loudness and estimated peak of the graph, in one decode; if it needs a limiter, how much gain that costs.

    The gain before a limiter is found by listening only: cheaper than a render that has to be thrown away.
    """
    measured = await rendering.measure(subrange(report, 0, _FIRST), band)
    best = first_mastering(measured, target)
    trials: list[MasteringAttempt] = []
    mastering: Mastering | None = best
    while mastering is not None and mastering.limit is not None:
        begin, end = 1 - (1 - _FIRST) ** (len(trials) + 1), 1 - (1 - _FIRST) ** (len(trials) + 2)
        trials.append((mastering, await rendering.measure_mastered(mastering, subrange(report, begin, end), band)))
        best = mastering
        mastering = next_mastering(measured, target, trials, tolerance)
    return Plan(measured=measured, mastering=best)


async def render_mastered(
    rendering: Rendering,
    path: Path,
    encoding: Encoding,
    plan: Plan,
    target: LoudnessTarget,
    report: ProgressCallback,
    floor: float | None = None,
) -> Loudness:
    """Render until the file itself, measured, is as it should be; the number of trials is bounded. What it measured.

    A true peak below `floor`, which is the target's if it is None, may be reported lower than it is.
    """
    trials: list[MasteringAttempt] = []
    mastering: Mastering | None = plan.mastering
    least = highest_peak(target) if floor is None else floor
    while mastering is not None:
        begin, end = 1 - (1 - _FIRST) ** len(trials), 1 - (1 - _FIRST) ** (len(trials) + 1)
        way = subrange(report, begin, end)
        result = await rendering.encode_and_measure(path, encoding, mastering, least, way)
        trials.append((mastering, result))
        mastering = next_mastering(plan.measured, target, trials)
    return trials[-1][1]


async def render_preview(
    rendering: Rendering, path: Path, encoding: Encoding, target: LoudnessTarget | None, report: ProgressCallback
) -> None:
    """Render once, within 1 LU of what a save makes of the same recipe; again only should the file clip.

    Without a target the sound is left as it is.
    """
    if target is None:
        await _render_and_check(rendering, path, encoding, Mastering(), report)
        return
    lower = target.model_copy(update={"true_peak": min(target.true_peak, _PREVIEW_CEILING)})
    band = preview_band(rendering.graph.channels)
    plan = await plan_mastering(rendering, lower, subrange(report, 0, _PLANNED), _PREVIEW_TOLERANCE, band)
    rest = subrange(report, _PLANNED, 1)
    if not may_clip(plan):
        await _render_and_check(rendering, path, encoding, plan.mastering, rest)
        return
    mastering: Mastering | None = plan.mastering
    for _ in range(_PREVIEW_RENDERS):
        if mastering is None:
            return
        await rendering.encode(path, encoding, mastering, subrange(rest, 0, _ENCODED))
        peak = await rendering.check_and_find_peak(path, subrange(rest, _ENCODED, 1))
        mastering = lowered(mastering, peak)


async def _render_and_check(
    rendering: Rendering, path: Path, encoding: Encoding, mastering: Mastering, report: ProgressCallback
) -> None:
    await rendering.encode(path, encoding, mastering, subrange(report, 0, _ENCODED))
    await rendering.check(path, encoding, subrange(report, _ENCODED, 1))
