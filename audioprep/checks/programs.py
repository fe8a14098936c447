"""Checks of the programs that a worker runs: there, and not too old."""

import asyncio
import re
import shutil
from datetime import timedelta
from pathlib import Path

from audioprep.activities.ytdlp import command as ytdlp
from audioprep.checks.advice import install_command
from audioprep.checks.finding import CheckWarning
from audioprep.jobs.timestamps import utc_now
from audioprep.settings import Settings
from audioprep.settings.sites import updates_folder

_OLD_YTDLP = timedelta(days=30)  # sites break it every few weeks
_YTDLP = "yt-dlp[default,deno,curl-cffi]"
_OLDEST_FFMPEG = 5  # major version; what older ones do with our filters nobody has tried


async def check_ffmpeg(_settings: Settings) -> str:
    absent = [program for program in ("ffmpeg", "ffprobe") if shutil.which(program) is None]
    if absent:
        raise RuntimeError(f"{' and '.join(absent)} not found: install ffmpeg (Debian: apt-get install ffmpeg)")
    version = (await _first_line("ffmpeg", "-version")).split(" Copyright")[0]
    if (major := major_version(version)) is not None and major < _OLDEST_FFMPEG:
        raise CheckWarning(f"{version} is older than {_OLDEST_FFMPEG}.0, the oldest that is tested: upgrade it")
    return version


def major_version(line: str) -> int | None:
    """5 of `ffmpeg version 5.1.9-0+deb12u1`; None for a build that numbers itself otherwise."""
    found = re.search(r"version n?(\d+)\.", line)
    return int(found[1]) if found else None


async def check_ytdlp(settings: Settings) -> str:
    updates = updates_folder(settings.storage.work_dir) if settings.sites.ytdlp_update is not None else None
    version = (await _first_line(ytdlp.program(updates), "--version")).strip()
    age = ytdlp.age_of(version, utc_now())
    if age is not None and age > _OLD_YTDLP:
        raise CheckWarning(f"yt-dlp {version} is {age.days} days old, and sites change: {_upgrade()}")
    return f"yt-dlp {version}"


def _upgrade() -> str:
    """What an operator can do here."""
    return f"{install_command(_YTDLP)}, or set AUDIOPREP_YTDLP_UPDATE"


async def check_javascript(_settings: Settings) -> str:
    runtime = shutil.which("deno", path=ytdlp.environment(Path())["PATH"])
    if runtime is None:
        raise CheckWarning(f"no JavaScript runtime, which YouTube needs: {install_command(_YTDLP)}")
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
