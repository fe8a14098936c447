"""The decode of a plain source: watching its timestamps and all channels, against one to mono that watches nothing."""

import asyncio
import subprocess
import time
from pathlib import Path

import numpy as np

from audioprep.activities.ffmpeg.decode import PcmForm, Take
from audioprep.activities.ffmpeg.probe import probe
from audioprep.activities.ffmpeg.working_copy import measure
from audioprep.activities.waveform import PeakMeter
from benchmarks.measurement import Row, ratio_at_most

_GOAL = 1.1  # the noise of such a pair
_ROUNDS = 3
_BLOCK = 1 << 18  # bytes
_RATE = 44100


async def plain_row(folder: Path, source: Path, minutes: int) -> Row:
    """Best of some rounds in turn."""
    watched, bare = [], []
    for _ in range(_ROUNDS):
        bare.append(await asyncio.to_thread(_bare, source))
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


def _bare(source: Path) -> float:
    """As the first edition did it: ffmpeg mixes to mono, numpy takes the peaks of what comes."""
    mix = ("-af", "pan=mono|c0=0.5*c0+0.5*c1", "-f", "s16le", "pipe:1")
    command = ["ffmpeg", "-v", "error", "-nostdin", "-i", source, *mix]
    began = time.monotonic()
    meter = PeakMeter(_RATE)
    with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        while block := child.stdout.read(_BLOCK):
            meter.add(np.frombuffer(block, dtype="<i2"))
    meter.pairs()
    return time.monotonic() - began
