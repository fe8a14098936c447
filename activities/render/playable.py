"""Playable rendition: an MP3 of a whole original, for browsers that do not play what the original is."""

from pathlib import Path
from typing import Final
from uuid import UUID

from audioprep.activities.ffmpeg.containers import browsers_play
from audioprep.activities.ffmpeg.probe import Probe
from audioprep.activities.ffmpeg.run import ProgressCallback, subrange
from audioprep.activities.render.encoding import Encoding
from audioprep.activities.render.graph import SourceFacts, build_graph
from audioprep.activities.render.loudness import Mastering
from audioprep.activities.render.rendering import Rendering
from audioprep.jobs.keys import ContentType
from audioprep.jobs.types.asset import MediaFacts
from audioprep.jobs.types.preview import preview_rate
from audioprep.jobs.types.recipe import Clip

_BITS_PER_SECOND: Final = 96_000  # of each channel
_ENCODED: Final = 0.8  # of the time goes to encoding, the rest to decoding what came out


def needs_rendition(facts: MediaFacts, probed: Probe, extension: str) -> bool:
    """Whether a browser may not play the original, or not on the timeline that clips are cut by."""
    return facts.work is not None or not browsers_play(extension, probed)


async def render_playable(source: SourceFacts, frames: int, folder: Path, report: ProgressCallback) -> Path:
    """The whole of `source`, `frames` samples, as MP3: the same timeline to the sample."""
    seconds = frames / source.sample_rate
    # Not validated: a source may be shorter than the shortest clip of a recipe.
    clip = Clip.model_construct(id="", source_asset_id=UUID(int=0), start_time=0.0, end_time=seconds)
    graph = build_graph([(clip, source)], preview_rate(source.sample_rate))
    bits = _BITS_PER_SECOND * graph.channels
    encoding = Encoding("mp3", ContentType.MP3, ("-c:a", "libmp3lame", "-b:a", str(bits), "-f", "mp3"), bits)
    rendering, path = Rendering(graph, folder), folder / "playable.mp3"
    await rendering.encode(path, encoding, Mastering(), subrange(report, 0, _ENCODED))
    await rendering.check(path, encoding, subrange(report, _ENCODED, 1))
    return path
