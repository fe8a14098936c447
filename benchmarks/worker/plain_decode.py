"""The decode of a plain source: watching its timestamps and all channels, against one to mono that watches nothing."""

import time
from pathlib import Path

import numpy as np

from audioprep.activities.ffmpeg.command import LIMITS, ffmpeg, input_options
from audioprep.activities.ffmpeg.decode import PcmForm, Take
from audioprep.activities.ffmpeg.probe import probe
from audioprep.activities.ffmpeg.working_copy import measure
from audioprep.activities.process.supervisor import child_process
from audioprep.activities.waveform.peaks import PeakMeter
from benchmarks.measurement import Row, ratio_at_most

_GOAL = 1.1  # the noise of such a pair
_ROUNDS = 3
_RATE = 44100


async def plain_row(folder: Path, source: Path, minutes: int) -> Row:
    """Best of some rounds in turn."""
    watched, bare = [], []
    for _ in range(_ROUNDS):
        bare.append(await _bare(folder, source))
        watched.append(await _watched(folder, source))
    ours, usual = min(watched), min(bare)
    what = f"decode of {minutes} min of plain MP3, peaks included"
    compared = f"{usual:.1f} s to a mono mix, no timestamps watched"
    return ratio_at_most(what, f"{ours:.1f} s", compared, ours / usual, _GOAL)


async def _watched(folder: Path, source: Path) -> float:
    meter = PeakMeter(_RATE)

    def listen(form: PcmForm) -> Take:
        nonlocal meter
        meter = PeakMeter(form.sample_rate, form.channels)
        return meter.add

    probed = await probe(source, folder)
    began = time.monotonic()
    measured = await measure(source, probed, folder, listen)
    meter.pairs()
    assert measured.work is None, "this source is plain"
    return time.monotonic() - began


async def _bare(folder: Path, source: Path) -> float:
    """As the first edition did it: ffmpeg mixes to mono, numpy takes the peaks of what comes."""
    mix = ("-map", "0:a:0", "-af", "pan=mono|c0=0.5*c0+0.5*c1", "-f", "s16le", "pipe:1")
    began = time.monotonic()
    meter = PeakMeter(_RATE)
    async with child_process(ffmpeg(*input_options(source), *mix), cwd=folder, limits=LIMITS) as child:
        async for block in child.blocks():
            meter.add(np.frombuffer(block[: len(block) & ~1], dtype="<i2"))
        await child.wait()
    meter.pairs()
    return time.monotonic() - began
