"""`python -m tests.corpus`: one line for each file. Exit code 0 if every one keeps what the documents promise."""

import argparse
import asyncio
import sys
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from tests.corpus.meters import SILENT, heard_by_ffmpeg, heard_by_libebur128
from tests.corpus.programmes import CORPUS
from tests.support.activities import Studio, clip_of, recipe_of
from tests.support.listening import Heard, Samples, samples_of, stream_of, write_wav
from tests.support.programmes import RATE

FORMATS: Final = ("wav", "flac", "mp3", "opus", "aac")
TOGETHER: Final = FORMATS[:4]  # files of one save
LUFS: Final = 0.5  # LU by which a file may be off its target: docs/job-contract.md
PRINTED: Final = 0.1  # dB: ffmpeg prints tenths
HELD: Final = 2.0  # dB below its ceiling that a programme may peak whose ceiling keeps it from its target
SLACK: Final = {"wav": 0.0, "flac": 0.0, "mp3": 0.03, "opus": 0.03, "aac": 0.03}  # seconds, of an encoder's frame


@dataclass(frozen=True)
class Line:
    """One file, as both meters heard it, and what is wrong with it."""

    programme: str
    form: str
    meters: tuple[Heard, Heard]
    faults: tuple[str, ...]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.corpus")
    parser.add_argument("--lufs", type=float, default=-16.0)
    parser.add_argument("--ceiling", type=float, default=-1.0)
    parser.add_argument("--only", default="", help="programmes with this in their name")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="audioprep-corpus-") as folder:
        return asyncio.run(_measure(Path(folder), arguments))


async def _measure(folder: Path, arguments: argparse.Namespace) -> int:
    target = Heard(arguments.lufs, arguments.ceiling)
    print(f"{'target':<42} {target.integrated:>7.1f} {target.true_peak:>7.1f}")
    print(f"{'programme':<34} {'format':<7} {'ffmpeg':>7} {'':>7} {'libebur128':>10} {'':>7}")
    lines = [line async for line in _lines(folder, target, arguments.only)]
    differences = [abs(one.integrated - other.integrated) for one, other in (line.meters for line in lines)]
    wrong = [line for line in lines if line.faults]
    print(f"{len(lines)} files of {len(lines) // len(FORMATS)} programmes, {len(wrong)} of them wrong")
    print(f"the meters differ by {max(differences):.2f} LU at most")
    return 1 if wrong else 0


async def _lines(folder: Path, target: Heard, only: str) -> AsyncIterator[Line]:
    studio = Studio(folder)
    for programme, make in CORPUS.items():
        if only in programme:
            sound = make()
            source = studio.add(write_wav(folder / "source.wav", sound, RATE))
            for form, file in (await _saved(studio, source, len(sound) / RATE, target)).items():
                yield await _line(file, sound, Case(programme, form, target))


@dataclass(frozen=True)
class Case:
    programme: str
    form: str
    target: Heard


async def _saved(studio: Studio, source: str, seconds: float, target: Heard) -> dict[str, Path]:
    """The files of two saves: of four formats at once, and of AAC alone."""
    wanted = {"normalize": True, "targetLufs": target.integrated, "truePeak": target.true_peak}
    clip = clip_of(source, 0, seconds)
    together = await studio.save_files(recipe_of(clip, outputs=[{"format": form} for form in TOGETHER], **wanted))
    files = {form: studio.storage / file.key for form, file in together.items()}
    return {**files, "aac": await studio.save(recipe_of(clip, outputFormat="aac", **wanted))}


async def _line(file: Path, sound: Samples, case: Case) -> Line:
    meters = await asyncio.to_thread(lambda: (heard_by_ffmpeg(file), heard_by_libebur128(file)))
    rate = int(stream_of(file)["sample_rate"])
    line = Line(case.programme, case.form, meters, tuple(_faults(sound, samples_of(file), rate, meters, case)))
    figures = " ".join(f"{meter.integrated:>7.1f} {meter.true_peak:>7.1f}" for meter in meters)
    print(f"{line.programme:<34} {line.form:<7} {figures}  {'; '.join(line.faults)}", flush=True)
    return line


def _faults(sound: Samples, saved: Samples, rate: int, meters: tuple[Heard, Heard], case: Case) -> list[str]:
    """What the file does not keep. A programme that the ceiling holds down may be quieter than its target."""
    faults = []
    longer = len(saved) / rate - len(sound) / RATE
    if abs(longer) > SLACK[case.form]:
        faults.append(f"{longer:+.3f} s")
    for meter in meters:
        held = meter.true_peak > case.target.true_peak - HELD
        off = meter.integrated - case.target.integrated
        if meter.integrated > SILENT and (off > LUFS or (off < -LUFS and not held)):
            faults.append(f"{off:+.1f} LU")
        if meter.true_peak > case.target.true_peak + PRINTED:
            faults.append(f"true peak {meter.true_peak:.2f}")
    if not np.any(sound) and np.any(saved):
        faults.append("silence is not silent")
    return faults


if __name__ == "__main__":
    sys.exit(main())
