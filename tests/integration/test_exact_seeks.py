"""Every pair of container and codec that is sought: the samples of a cut are those of a whole decode, counted."""

import asyncio
from pathlib import Path

import numpy as np
import pytest

from audioprep.activities.render.seeking import EXACT_SEEK
from tests.support.activities import Studio, clip_of, recipe_of
from tests.support.audio import make_audio
from tests.support.listening import samples_of, stream_of

_MP4 = "mov,mp4,m4a,3gp,3g2,mj2"
PAIRS = {
    ("aiff", "pcm_"): ("a.aiff", "-c:a", "pcm_s16be"),
    ("caf", "pcm_"): ("a.caf", "-c:a", "pcm_s16le"),
    ("caf", "alac"): ("a.caf", "-c:a", "alac"),
    ("flac", "flac"): ("a.flac",),
    (_MP4, "pcm_"): ("a.mov", "-c:a", "pcm_s16be"),
    # Without noise substitution: its noise is another one each time that a decoder begins, wherever that is.
    (_MP4, "aac"): ("a.m4a", "-c:a", "aac", "-aac_pns", "0"),
    (_MP4, "alac"): ("a.m4a", "-c:a", "alac"),
    (_MP4, "flac"): ("a.mp4", "-c:a", "flac", "-strict", "-2"),
    (_MP4, "mp3"): ("a.mp4", "-c:a", "libmp3lame"),
    (_MP4, "opus"): ("a.mp4", "-c:a", "libopus", "-ar", "48000"),
    ("mp3", "mp3"): ("a.mp3", "-q:a", "4"),
    ("ogg", "flac"): ("a.ogg", "-c:a", "flac"),
    ("ogg", "opus"): ("a.opus", "-c:a", "libopus", "-ar", "48000"),
    ("ogg", "vorbis"): ("a.ogg", "-c:a", "libvorbis"),
    ("w64", "pcm_"): ("a.w64", "-c:a", "pcm_s16le"),
    ("wav", "pcm_"): ("a.wav", "-c:a", "pcm_s16le"),
    ("wv", "wavpack"): ("a.wv",),
}


def test_each_pair_that_is_sought_is_proved() -> None:
    assert set(PAIRS) == {(name, codec) for name, codecs in EXACT_SEEK.items() for codec in codecs}


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: f"{pair[1].strip('_')} in {pair[0].split(',')[0]}")
async def test_a_seek_gives_the_counted_samples(studio: Studio, tmp_path: Path, pair: tuple[str, str]) -> None:
    name, *options = PAIRS[pair]
    noise = "anoisesrc=seed=5:colour=pink"
    file = await asyncio.to_thread(make_audio, tmp_path / name, 9, "-ac", "2", *options, source=noise)
    rate = int(stream_of(file)["sample_rate"])
    cuts = [(6.3, 6.9), (4.01, 4.5), (8.2, 8.8)]

    saved = samples_of(
        await studio.save(recipe_of(*(clip_of(studio.add(file), *cut) for cut in cuts), outputSampleRate=rate))
    )

    whole = samples_of(file)
    expected = np.concatenate([whole[round(begin * rate) : round(end * rate)] for begin, end in cuts])
    assert np.abs(saved - expected).max() < 2 / 32768
