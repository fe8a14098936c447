"""From a recipe to ffmpeg's inputs and filter graph: pure, exact to the sample.

Lengths. At the output rate R a clip is round(endTime * R) - round(startTime * R) frames, so that two clips which split
a source at any time are together as long as the whole. A render is the sum of its clips and of the gaps between them,
less the crossfades, each rounded to frames.

Crossfades have equal power: the sound before goes down along a cosine, the one after comes up along a sine, and both
are 3 dB down half-way. Two sounds that have nothing to do with each other keep their loudness so.

Position. A clip is first cut on whole seconds of its source, then brought to R, then cut to its frames. On a whole
second both rates are in phase, so a source that is split and joined again comes out as if it had never been split.

Channels. Stereo as soon as one source has two channels or more, mono otherwise. A mono source sounds equally on both
sides at its own level (swresample's own upmix takes 3 dB off); more than two are mixed as `ffmpeg/mixing.py` says.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from audioprep.activities.ffmpeg.command import input_options
from audioprep.activities.ffmpeg.mixing import mix_filters
from audioprep.jobs.types.recipe import Clip

OUTPUT = "[mix]"  # the label of the graph's only output
END_TOLERANCE = 0.01  # seconds a clip may end after its source: durations are often rounded to two decimals
_PAD = (
    2 * END_TOLERANCE
)  # seconds of silence that may complete a clip; a source that lacks more shows as a short render
_CONTEXT = 0.1  # seconds kept around a clip for the resampler, whose filter is far shorter
_PREROLL = 2.0  # seconds decoded before a seek's goal: mp3's bit reservoir, opus' 80 ms of convergence, aac's overlap


@dataclass(frozen=True, slots=True)
class SourceFacts:
    """What the graph must know of one source file. `seekable`: a seek in it lands on the very sample.

    `layout` is the declared channel layout, empty if there is none.
    """

    path: Path
    stream_index: int
    sample_rate: int
    channels: int
    seekable: bool = False
    layout: str = ""


@dataclass(frozen=True, slots=True)
class Graph:
    """ffmpeg's inputs, the filter graph over them that ends in OUTPUT, and what comes out of it."""

    inputs: list[str | Path]
    filters: str
    frames: int
    sample_rate: int
    channels: int

    @property
    def seconds(self) -> float:
        return self.frames / self.sample_rate


def build_graph(clips: Sequence[tuple[Clip, SourceFacts]], sample_rate: int) -> Graph:
    """Every clip is an input of its own, since one that is shared would pile up in memory until its second clip.

    concat asks for one clip after the other: inputs that are not at their turn wait with a few packets read.
    """
    channels = 2 if any(source.channels > 1 for _, source in clips) else 1
    inputs: list[str | Path] = []
    chains = []
    for index, (clip, source) in enumerate(clips):
        seek = _seek(clip, source)
        inputs += ["-threads", "1", *(["-ss", str(seek)] if seek else []), *input_options(source.path)]
        chain = ",".join(_chain(clip, source, seek, sample_rate, channels))
        chains.append(f"[{index}:{source.stream_index}]{chain}[c{index}]")
    overlaps = crossfade_frames([clip for clip, _ in clips], sample_rate)
    frames = sum(clip_frames(clip, sample_rate) + _gap_frames(clip, sample_rate) for clip, _ in clips) - sum(overlaps)
    return Graph(inputs, ";".join([*chains, *_joined(overlaps)]), frames, sample_rate, channels)


def crossfade_frames(clips: Sequence[Clip], sample_rate: int) -> list[int]:
    """How far each clip reaches into the next one: no further than both of them go, less what another one has taken."""
    found: list[int] = []
    taken = 0
    for clip, after in pairwise(clips):
        left = clip_frames(clip, sample_rate) - taken
        taken = min(round(clip.crossfade * sample_rate), left, clip_frames(after, sample_rate))
        found.append(taken)
    return found


def _joined(overlaps: Sequence[int]) -> list[str]:
    """The filters that make OUTPUT of the clips' labels: `c0`, `c1` and so on."""
    filters, parts = [], ["[c0]"]
    for index, overlap in enumerate(overlaps, 1):
        if not overlap:
            parts.append(f"[c{index}]")
            continue
        fade = f"acrossfade=nb_samples={overlap}:curve1=qsin:curve2=qsin,asetpts=N/SR/TB"
        filters.append(f"{parts[-1]}[c{index}]{fade}[x{index}]")
        parts[-1] = f"[x{index}]"
    joining = "anull" if len(parts) == 1 else f"concat=n={len(parts)}:v=0:a=1"
    return [*filters, f"{''.join(parts)}{joining}{OUTPUT}"]


def graph_of_file(path: Path, graph: Graph, sample_rate: int) -> Graph:
    """A graph over a file that was rendered from `graph`, at a sample rate that may be another one."""
    frames = round(graph.frames * sample_rate / graph.sample_rate)
    chain = [f"aformat=sample_fmts=fltp:channel_layouts={_layout(graph.channels)}"]
    if sample_rate != graph.sample_rate:
        chain += [f"aresample={sample_rate}", chain[0], f"apad=whole_len={frames}", f"atrim=end_sample={frames}"]
    filters = f"[0:a:0]{','.join(chain)}{OUTPUT}"
    inputs: list[str | Path] = ["-threads", "1", *input_options(path)]
    return Graph(inputs, filters, frames, sample_rate, graph.channels)


def _layout(channels: int) -> str:
    return "stereo" if channels > 1 else "mono"


def clip_frames(clip: Clip, sample_rate: int) -> int:
    """The length of a clip in the output, see above."""
    return round(clip.end_time * sample_rate) - round(clip.start_time * sample_rate)


def _gap_frames(clip: Clip, sample_rate: int) -> int:
    return round(clip.gap * sample_rate)


def _whole_second(clip: Clip) -> int:
    return max(0, math.floor(clip.start_time - _CONTEXT))


def _seek(clip: Clip, source: SourceFacts) -> int:
    """Whole seconds to skip in the container; 0 to decode from the start and count, which is right for every file."""
    return max(0, math.floor(_whole_second(clip) - _PREROLL)) if source.seekable else 0


def _chain(clip: Clip, source: SourceFacts, seek: int, rate: int, channels: int) -> list[str]:
    second = _whole_second(clip)
    first = (second - seek) * source.sample_rate
    last = (math.ceil(clip.end_time + _CONTEXT) - seek) * source.sample_rate
    begin = round(clip.start_time * rate) - second * rate
    frames = clip_frames(clip, rate)
    return [
        f"atrim=start_sample={first}:end_sample={last}",
        "asetpts=N/SR/TB",
        *mix_filters(source.channels, source.layout, channels),
        f"aresample={rate}:rematrix_maxval=1",
        f"aformat=sample_fmts=fltp:channel_layouts={_layout(channels)}",
        f"apad=pad_len={math.ceil(_PAD * rate)}",
        f"atrim=start_sample={begin}:end_sample={begin + frames}",
        "asetpts=N/SR/TB",
        *_shape(clip, frames, rate),
        *([f"apad=pad_len={_gap_frames(clip, rate)}"] if _gap_frames(clip, rate) else []),
    ]


def _shape(clip: Clip, frames: int, rate: int) -> list[str]:
    """Volume and fades; a filter that would change nothing is left out."""
    shape = []
    if clip.volume != 1:
        shape.append(f"volume={clip.volume:.9f}:precision=float")
    fade_in, fade_out = round(clip.fade_in * rate), min(round(clip.fade_out * rate), frames)
    if fade_in:
        shape.append(f"afade=t=in:start_sample=0:nb_samples={fade_in}")
    if fade_out:
        shape.append(f"afade=t=out:start_sample={frames - fade_out}:nb_samples={fade_out}")
    return shape
