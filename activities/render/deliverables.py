"""Deliverables of one render: one master, each file encoded from it and measured itself.

The master is the mastered sound in single precision, so samples of 16 bits that are made of it are those of a file that
is rendered alone. A codec that changes loudness or raises peaks is answered for its own file only.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from audioprep.activities.attempt.media_limits import MediaLimits
from audioprep.activities.ffmpeg.run import ProgressCallback, subrange
from audioprep.activities.render.encoding import MASTER, Encoding
from audioprep.activities.render.graph import graph_of_file
from audioprep.activities.render.loudness import TOLERANCE, Loudness, LoudnessTarget, Mastering, Plan
from audioprep.activities.render.mastering import render_mastered
from audioprep.activities.render.rendering import Rendering

_MASTERED: Final = 0.4  # of the time, where there are several files
_EFFORT: Final = {"wav": 1, "flac": 3, "mp3": 4, "m4a": 5, "opus": 5}  # of encoding and measuring a file, by extension
_AS_IT_IS: Final = Mastering()


@dataclass(frozen=True, slots=True)
class Goal:
    """Where the loudness of a render should be, and the mastering to begin with."""

    plan: Plan
    target: LoudnessTarget


def check_sizes(rendering: Rendering, encodings: Sequence[Encoding], limits: MediaLimits) -> None:
    """Raises PermanentError when the files together, or their master, would be too large."""
    limits.check_output(sum(map(rendering.size, encodings)))
    if not _is_direct(rendering, encodings):
        limits.check_output(rendering.size(MASTER))


async def render_files(
    rendering: Rendering, encodings: Sequence[Encoding], goal: Goal | None, report: ProgressCallback
) -> list[tuple[Path, Loudness]]:
    """Each file, and how loud it is; without a goal the sound is left as it is."""
    paths = [rendering.folder / f"prepared.{encoding.extension}" for encoding in encodings]
    if _is_direct(rendering, encodings):
        return [(paths[0], await _render(rendering, paths[0], encodings[0], goal, report))]
    master = rendering.folder / "master.wav"
    heard = await _render(rendering, master, MASTER, goal, subrange(report, 0, _MASTERED))
    again = None if goal is None else _goal_of_master(heard, goal.target)
    found = []
    for path, encoding, part in zip(paths, encodings, _parts(encodings, report), strict=True):
        rate = encoding.sample_rate or rendering.graph.sample_rate
        source = replace(rendering, graph=graph_of_file(master, rendering.graph, rate))
        lossy = encoding.bits_per_second is not None
        found.append((path, await _render(source, path, replace(encoding, clipped=lossy), again, part)))
    return found


def _goal_of_master(heard: Loudness, target: LoudnessTarget) -> Goal:
    """Files are as loud as their master, also where that could not reach its target under the ceiling."""
    plan = Plan(measured=heard, mastering=_AS_IT_IS)
    if heard.integrated is None or abs(heard.integrated - target.lufs) <= TOLERANCE:
        return Goal(plan, target)
    return Goal(plan, target.model_copy(update={"lufs": heard.integrated}))


def _is_direct(rendering: Rendering, encodings: Sequence[Encoding]) -> bool:
    """One file at the sample rate of the sound needs no master."""
    return len(encodings) == 1 and encodings[0].sample_rate in (None, rendering.graph.sample_rate)


async def _render(
    rendering: Rendering, path: Path, encoding: Encoding, goal: Goal | None, report: ProgressCallback
) -> Loudness:
    if goal is None:
        return await rendering.encode_and_measure(path, encoding, _AS_IT_IS, -math.inf, report)
    return await render_mastered(rendering, path, encoding, goal.plan, goal.target, report, -math.inf)


def _parts(encodings: Sequence[Encoding], report: ProgressCallback) -> list[ProgressCallback]:
    """Of the time after the master, each file's share."""
    efforts = [_EFFORT[encoding.extension] for encoding in encodings]
    ends = [_MASTERED + (1 - _MASTERED) * sum(efforts[: n + 1]) / sum(efforts) for n in range(len(efforts))]
    return [subrange(report, begin, end) for begin, end in zip([_MASTERED, *ends], ends, strict=False)]
