"""Normalised saves of one source: the ffmpeg commands that audioprep runs for one, and those that people write."""

import asyncio
import subprocess
import time
import uuid
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from audioprep.activities.storage.store import Storage
from audioprep.jobs.types.asset import MediaFacts
from benchmarks.stack import Stack, open_stack
from benchmarks.waking import post_wake, start_bridge
from tests.support.children import descendants
from tests.support.pollers import until_polling
from tests.support.processes import Program
from tests.support.waiting import eventually

Command = list[str]

RATE = 44100
SLOTS = 2
SWELL = f"anoisesrc=r={RATE}:c=pink:a=0.2:seed=1,volume='0.55+0.45*sin(2*PI*t/30)':eval=frame"
_SOURCE = str(uuid.UUID(int=1))


@dataclass(frozen=True, slots=True)
class SaveSet:
    """`count` saves of `seconds` each, on a bridge and a worker that wait for work."""

    stack: Stack
    wake_url: str
    commands: list[Command]
    seconds: float
    count: int

    async def through_the_table(self) -> float:
        """Seconds from the first row's INSERT to the last row complete."""
        app = self.stack.deployment.app
        began = time.time()
        ids = [await app.submit("save", _save(self.seconds)) for _ in range(self.count)]
        await post_wake(self.wake_url)

        async def check() -> bool:
            await asyncio.sleep(0.25)
            left = "SELECT 1 FROM audio_prep_jobs WHERE status IN ('pending', 'processing') LIMIT 1"
            return not await app.sql(left)

        await eventually(check, within=1800, what="end of all saves")
        rows = await app.sql(
            "SELECT jobId, status, error, (julianday(updatedAt) - 2440587.5) * 86400.0 AS ended FROM audio_prep_jobs"
            " ORDER BY createdAt DESC LIMIT ?",
            self.count,
        )
        assert {row["jobId"] for row in rows} == set(ids)
        assert {row["status"] for row in rows} == {"complete"}, rows
        return max(float(row["ended"]) for row in rows) - began

    async def bare(self) -> float:
        """Seconds that the commands a person would write take, two saves at a time, with nothing around them."""
        jobs = self._for_each(usual_commands(self.source))
        began = time.monotonic()
        with ThreadPoolExecutor(SLOTS) as pool:
            await asyncio.gather(*(asyncio.get_running_loop().run_in_executor(pool, run_commands, job) for job in jobs))
        return time.monotonic() - began

    def jobs(self) -> list[list[Command]]:
        """The commands that audioprep runs, for every save; each writes a file of its own."""
        return self._for_each(self.commands)

    @property
    def source(self) -> Path:
        return _source_in(self.stack)

    def _for_each(self, commands: list[Command]) -> list[list[Command]]:
        out = self.stack.deployment.folder / "bare"
        out.mkdir(exist_ok=True)
        return [
            [[part.replace("{out}", f"{out / str(number)}.wav") for part in command] for command in commands]
            for number in range(self.count)
        ]


def usual_commands(source: Path) -> list[Command]:
    """Measure loudness and true peak, apply one gain. A person who is sure of the result looks no further."""
    whole = ["ffmpeg", "-nostdin", "-hide_banner", "-nostats", "-y", "-i", str(source)]
    return [
        [*whole, "-af", "ebur128=peak=true:framelog=verbose", "-f", "null", "-"],
        [*whole, "-af", "volume=7.4dB", "file:{out}"],
    ]


def _source_in(stack: Stack) -> Path:
    return next((stack.deployment.folder / "storage/assets" / _SOURCE).glob("original.*"))


def run_commands(commands: list[Command]) -> None:
    for command in commands:
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=600)


@asynccontextmanager
async def open_save_set(folder: Path, *, count: int, seconds: float) -> AsyncIterator[SaveSet]:
    """Source made, commands recorded from one real save, roles up."""
    async with open_stack(folder) as stack:
        deployment = stack.deployment
        await asyncio.to_thread(make_source, folder / "storage/assets" / _SOURCE, SWELL, seconds)
        wake_url = start_bridge(deployment)
        worker = deployment.start("worker")
        await until_polling(await stack.client(), deployment.task_queue, worker)
        commands = await _recorded(stack, worker, seconds)
        yield SaveSet(stack, wake_url, commands, seconds, count)


def make_source(asset: Path, sound: str, seconds: float, extension: str = "wav") -> Path:
    """What an ingest would have left behind."""
    asset.mkdir(parents=True, exist_ok=True)
    source = asset / f"original.{extension}"
    command = ["ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-t", str(seconds), "-i", sound, "-ac", "2", str(source)]
    subprocess.run(command, check=True, timeout=600)
    found = asyncio.run(Storage.open(f"file:{asset}").stat(source.name))
    facts = MediaFacts(
        frames=round(seconds * RATE),
        sample_rate=RATE,
        channels=2,
        codec="pcm_s16le" if extension == "wav" else extension,
        format=extension,
        stream_index=0,
        starts_at_zero=True,
        size=found.size,
        version=found.version,
    )
    (asset / "media.json").write_text(facts.model_dump_json())
    return source


def _save(seconds: float) -> dict[str, Any]:
    clip = {"id": "a", "sourceAssetId": _SOURCE, "startTime": 0, "endTime": seconds}
    return {"recipe": {"version": 1, "assetId": str(uuid.uuid4()), "clips": [clip], "normalize": True}}


async def _recorded(stack: Stack, worker: Program, seconds: float) -> list[Command]:
    """The ffmpeg commands of one save, with the source in storage as input and `{out}` for the file they make.

    Read from the process list: what the worker runs may write no file, and so could not be wrapped to note it down.
    """
    deployment = stack.deployment
    job_id = await deployment.app.submit("save", _save(seconds))
    seen: dict[int, Command] = {}
    ended = asyncio.create_task(deployment.app.finished(job_id, within=600))
    while not ended.done():
        for child in descendants(worker.pid, "-filter_complex") + descendants(worker.pid, "-af"):
            with suppress(psutil.NoSuchProcess):
                command = child.cmdline()
                if command and Path(command[0]).name == "ffmpeg":
                    seen[child.pid] = command
        await asyncio.sleep(0.02)
    row = ended.result()
    assert row["status"] == "complete", row["error"]
    return [_general(command, _source_in(stack)) for command in seen.values()]


def _general(command: Command, source: Path) -> Command:
    """A file that is read first is the source or what was rendered; the one that ends a command is what it renders."""
    return [_place(part, source) for part in command]


def _place(part: str, source: Path) -> str:
    if not part.startswith("file:"):
        return part
    return "file:{out}" if Path(part).name.startswith("prepared.") else f"file:{source}"
