"""Exact seeks: pairs of container and codec in which a seek gives the very samples that counting gives. Pure.

Elsewhere a clip is decoded from the start of its source and counted, which is right for every plain source: in block
codecs (ADPCM) ffmpeg's seek lands seconds off and stamps the wrong time, and Matroska's times are whole milliseconds.
The test of the same name compares each pair with a whole decode.
"""

from typing import Final

from audioprep.jobs.types.asset import MediaFacts

_PCM: Final = "pcm_"  # stands for all of them: a block is a frame
_MP4: Final = frozenset({_PCM, "aac", "alac", "flac", "mp3", "opus"})
# By ffprobe's `format_name`, codecs by its `codec_name`.
EXACT_SEEK: Final[dict[str, frozenset[str]]] = {
    "aiff": frozenset({_PCM}),
    "caf": frozenset({_PCM, "alac"}),
    "flac": frozenset({"flac"}),
    "mov,mp4,m4a,3gp,3g2,mj2": _MP4,
    "mp3": frozenset({"mp3"}),
    "ogg": frozenset({"flac", "opus", "vorbis"}),
    "w64": frozenset({_PCM}),
    "wav": frozenset({_PCM}),
    "wv": frozenset({"wavpack"}),
}


def seeks_exactly(facts: MediaFacts) -> bool:
    """Whether clips of the original may be sought."""
    codec = _PCM if facts.codec.startswith(_PCM) else facts.codec
    return facts.exact and facts.starts_at_zero and codec in EXACT_SEEK.get(facts.format, ())
