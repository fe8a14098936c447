"""Is everything there that the settings name? Each finding says what to do when it is not."""

import asyncio
import re
import shutil
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from audioprep.activities import ytdlp
from audioprep.activities.storage import Storage
from audioprep.bridge.database import open_database
from audioprep.bridge.database_errors import DatabaseError
from audioprep.bridge.queries import SCHEMA
from audioprep.bridge.store import JobStore
from audioprep.clock import clock_skew, judged
from audioprep.jobs.errors import ErrorKind, JobError, PermanentError
from audioprep.jobs.keys import ContentType
from audioprep.jobs.redaction import scrub
from audioprep.jobs.timestamps import utc_now
from audioprep.settings import Settings
from audioprep.temporal import check_namespace, connect

_TIMEOUT = 15.0  # seconds for one check
_OLD_YTDLP = timedelta(days=90)
_OLDEST_FFMPEG = 5  # major version; what older ones do with our filters nobody has tried
_PROBE_KEY = "audioprep-check"


@dataclass(frozen=True)
class Finding:
    """What one check found. `says` is a sentence; when not `ok`, or when it is a warning, it tells what to do.

    A warning is about something that only some jobs need.
    """

    subject: str
    ok: bool
    says: str
    warning: bool = False


class Advice(Exception):
    """All is there, but something should be done about it."""


async def check_all(settings: Settings) -> list[Finding]:
    """Every check, each on its own: one that fails does not keep the others from running."""
    checks: list[tuple[str, Callable[[Settings], Awaitable[str]]]] = [
        ("database", _check_database),
        ("clock", _check_clock),
        ("temporal", _check_temporal),
        ("storage", _check_storage),
        ("ffmpeg", _check_ffmpeg),
        ("yt-dlp", _check_ytdlp),
        ("javascript", _check_javascript),
    ]
    return await asyncio.gather(*(_find(subject, check, settings) for subject, check in checks))


async def _find(subject: str, check: Callable[[Settings], Awaitable[str]], settings: Settings) -> Finding:
    try:
        async with asyncio.timeout(_TIMEOUT):
            return Finding(subject, True, await check(settings))
    except Advice as advice:
        return Finding(subject, True, str(advice), warning=True)
    except TimeoutError:
        return Finding(subject, False, f"gave no answer within {_TIMEOUT:g} s")
    except (DatabaseError, JobError, RuntimeError, ValueError, OSError) as error:
        return Finding(subject, False, scrub(" ".join(str(error).split())) or type(error).__name__)


async def _check_database(settings: Settings) -> str:
    async with open_database(settings.database.database_url, settings.database.token) as database:
        missing = await JobStore(database).missing()
    if missing:
        raise RuntimeError(f"{settings.database.shown_url} lacks {', '.join(missing)}: run `audioprep migrate`")
    return f"{settings.database.shown_url} has the table and all {len(SCHEMA) - 1} indexes"


async def _check_clock(settings: Settings) -> str:
    async with open_database(settings.database.database_url, settings.database.token) as database:
        return judged(await clock_skew(database))


async def _check_temporal(settings: Settings) -> str:
    client = await connect()
    await check_namespace(client)
    return f"namespace {client.namespace} at {client.service_client.config.target_host}"


async def _check_storage(settings: Settings) -> str:
    return await check_storage(settings.storage.storage_url)


async def check_storage(url: str) -> str:
    """Write, read and remove a small object, as a worker would. Raises JobError or ValueError that says what to do."""
    storage = await asyncio.to_thread(Storage.open, url)
    key = f"{_PROBE_KEY}/{uuid.uuid4()}"
    try:
        await storage.find(key)  # first, since only reading tells a missing bucket from a forbidden one
    except PermanentError as error:
        if error.kind is not ErrorKind.SOURCE_MISSING:
            raise
    await storage.write(key, b"{}", ContentType.JSON)
    await storage.find(key)
    await storage.delete(key)
    return f"{scrub(url)} can be read and written"


async def _check_ffmpeg(_settings: Settings) -> str:
    absent = [program for program in ("ffmpeg", "ffprobe") if shutil.which(program) is None]
    if absent:
        raise RuntimeError(f"{' and '.join(absent)} not found: install ffmpeg (Debian: apt-get install ffmpeg)")
    version = (await _first_line("ffmpeg", "-version")).split(" Copyright")[0]
    if (major := major_version(version)) is not None and major < _OLDEST_FFMPEG:
        raise Advice(f"{version} is older than {_OLDEST_FFMPEG}.0, the oldest that is tested: upgrade it")
    return version


def major_version(line: str) -> int | None:
    """5 of `ffmpeg version 5.1.9-0+deb12u1`; None for a build that numbers itself otherwise."""
    found = re.search(r"version n?(\d+)\.", line)
    return int(found[1]) if found else None


async def _check_ytdlp(_settings: Settings) -> str:
    version = (await _first_line(ytdlp.program(), "--version")).strip()
    age = ytdlp.age_of(version, utc_now())
    if age is not None and age > _OLD_YTDLP:
        raise Advice(f"yt-dlp {version} is {age.days} days old, and sites change: pip install --upgrade yt-dlp")
    return f"yt-dlp {version}"


async def _check_javascript(_settings: Settings) -> str:
    runtime = shutil.which("deno", path=ytdlp.environment(Path())["PATH"])
    if runtime is None:
        raise Advice("no JavaScript runtime, which YouTube needs: pip install 'yt-dlp[default,deno]'")
    return await _first_line(runtime, "--version")


async def _first_line(*command: str) -> str:
    """Of what a program prints. Raises RuntimeError when it does not run."""
    try:
        process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    except OSError as error:
        raise RuntimeError(f"{Path(command[0]).name} does not run: {error.strerror}") from None
    output, _ = await process.communicate()
    if process.returncode != 0 or not output:
        raise RuntimeError(f"{Path(command[0]).name} does not run: exit code {process.returncode}")
    return output.decode(errors="replace").splitlines()[0]
