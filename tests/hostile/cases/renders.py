"""Recipes over sources that are not what their assets' descriptions say."""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from audioprep.activities.attempt.media_limits import MediaLimits
from tests.hostile.case import Arena, Attack, Case, Expect
from tests.hostile.cases.media import Make, wav
from tests.hostile.cases.scripts import SCRIPTS
from tests.support.activities import Studio, clip_of, recipe_of

_LIMITS = MediaLimits(max_bytes=20_000_000, max_seconds=1800, max_output_bytes=20_000_000)


def floats(value: float) -> bytes:
    """A second of stereo whose samples are infinite, or no numbers."""
    header = wav(44100, 2, bits=32, frames=0, form=3, data=44100 * 8)
    return header + struct.pack("<f", value) * 44100 * 2


SOURCES: dict[str, Make] = {
    "a script": lambda corpus: SCRIPTS["m3u8 of a file: path"](corpus.parent / "canary", "127.0.0.2:1").encode(),
    "nothing": lambda _: b"",
    "64 channels": lambda _: wav(8000, 64, frames=9000),
    "2 GHz": lambda _: wav(2_000_000_000, 1),
    "infinite samples": lambda _: floats(float("inf")),
    "samples that are no numbers": lambda _: floats(float("nan")),
    "samples of 1e38": lambda _: floats(1e38),
    "ten hours": lambda corpus: (corpus / "hours.flac").read_bytes(),
    "1,000 streams": lambda corpus: (corpus / "streams.mka").read_bytes(),
}


def cases() -> Iterator[Case]:
    for title, make in SOURCES.items():
        for normalize in (False, True):
            name = f"of {title}{', normalised' if normalize else ''}"
            yield Case("render", name, Expect.EITHER, _rendering(make, normalize=normalize))
    yield Case("render", "of ten hours, to their end", Expect.REFUSED, _rendering(SOURCES["ten hours"], 0, 36_000))
    yield Case("render", "beyond the end", Expect.REFUSED, _rendering(_tone, 0, 100))
    yield Case("render", "50 clips of one source", Expect.RIGHT, _rendering(_tone, 0, 1, count=50))
    yield Case(
        "render", "larger than the limit", Expect.REFUSED, _rendering(_tone, 0, 2, count=50, outputSampleRate=192_000)
    )


def _tone(corpus: Path) -> bytes:
    return (corpus / "tone.wav").read_bytes()


def _rendering(make: Make, start: float = 0, end: float = 1, count: int = 1, **fields: Any) -> Attack:
    async def attack(arena: Arena) -> str:
        studio = Studio(arena.folder / "studio", limits=_LIMITS)
        source = arena.folder / "source.wav"
        source.write_bytes(make(arena.corpus))
        clips = [clip_of(studio.add(source), start, end)] * count
        prepared = await studio.save(recipe_of(*clips, **fields))
        return f"{prepared.stat().st_size} bytes"

    return attack
