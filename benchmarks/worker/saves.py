"""Normalised saves through the whole of audioprep, against the two commands that a person would write."""

from collections.abc import Sequence
from pathlib import Path

from benchmarks.figures import median, spread
from benchmarks.measurement import Measurement, Row, ratio_at_least
from benchmarks.worker.cpu import CpuMeter, CpuTimes, added, since, told
from benchmarks.worker.save_set import SLOTS, open_save_set

COUNT, SECONDS = 10, 160


async def run(folder: Path, quick: bool) -> Sequence[Row]:
    rounds = 1 if quick else 5
    async with open_save_set(folder, count=6 if quick else COUNT, seconds=SECONDS) as saves:
        ours, bare = [], []
        spent: dict[str, CpuTimes] = {"ours": {}, "bare": {}}
        bridge, worker = saves.stack.deployment.programs
        meter = CpuMeter(saves.stack, {"worker": worker.pid, "bridge": bridge.pid})
        for _ in range(rounds):
            before = meter.read()
            bare.append(await saves.bare())
            between = meter.read()
            ours.append(await saves.through_the_table())
            spent["bare"] = added(spent["bare"], since(before, between))
            spent["ours"] = added(spent["ours"], since(between, meter.read()))
    ratio = median([alone / whole for alone, whole in zip(bare, ours, strict=True)])
    what = f"{saves.count} saves of {SECONDS} s, seconds in all"
    return [
        ratio_at_least(what, spread(ours, 1), f"{spread(bare, 1)} bare", ratio, 0.95),
        Row("CPU per save", told(spent["ours"], saves.count * rounds), told(spent["bare"], saves.count * rounds)),
    ]


MEASUREMENT = Measurement(
    "saves",
    "Normalised saves",
    f"{COUNT} saves of {SECONDS} s of stereo each, inserted at once, {SLOTS} slots, against the two commands that a"
    f" person would write (`ebur128=peak=true`, then one gain), {SLOTS} saves at a time, without anything around"
    " them, and without a look at what came out. In turn; median (smallest..largest) of 5 rounds, the ratio that of"
    " the pairs.",
    run,
)
