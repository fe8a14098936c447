"""Command line of yt-dlp: one recording, one file with sound in it, its own downloaders only, no helper programs.

It never runs ffmpeg: a signal to yt-dlp would not reach it, and converting is our own step.
"""

import importlib.metadata
import os
import shlex
import shutil
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from audioprep.activities.attempt.media_limits import MediaLimits
from audioprep.activities.download.exits.access import SiteAccess
from audioprep.activities.download.proxy_request import SILENCE
from audioprep.activities.process.command import child_environment
from audioprep.activities.process.limits import MB, ChildLimits

MEDIA_MARK: Final = "audioprep-media "
PROGRESS_MARK: Final = "audioprep-progress "
PATH_MARK: Final = "audioprep-path "
ENTRY_MARK: Final = "audioprep-entry "
CHOICE_MARK: Final = "audioprep-choice "
# Pictures, and what only helper programs fetch. Everything else may come, also what yt-dlp learns later.
_PROTOCOLS: Final = "[protocol!~='^(mhtml|websocket_frag|rtmp.*|rtsp|mms|f4m|ism|.*_live)$']"
# The best sound without a picture; else with a small picture, since the picture is thrown away; else whatever sounds.
_WANTED: Final = ("ba", "b[height<=?480]", "b", "ba*")
_WHOLE: Final = "[format_id!*=preview]"
_MEDIA: Final = "{id,title,duration,is_live,live_status,playlist_id,playlist_index,playlist_count}"
_CHOICE: Final = "{format_id}"
_PROGRESS: Final = "{status,downloaded_bytes,total_bytes,total_bytes_estimate,fragment_index,fragment_count}"
_ENTRY: Final = "{url,webpage_url,title,playlist_id}"
_NOWHERE: Final = "/nonexistent"
# For yt-dlp and the deno it runs: V8 alone writes to some hundred MB. The sources of a page need CPU, a file does not.
_LIMITS: Final = ChildLimits(cpu_seconds=300, memory=2048 * MB, open_files=1024)
# MB of deno's heap: a script of YouTube's size needs some 150. Young objects get 1 MB: 28 MB less at the peak.
_V8_FLAGS: Final = "--max-old-space-size=256,--max-semi-space-size=1"
_SLACK: Final = 8 * MB  # of a file beyond the limit for media: scripts and caches
_PROGRESS_DELTA: Final = "0.25"  # seconds between two progress lines


def program(updates: Path | None = None) -> str:
    """The newest of: the one in the folder of updates, and the yt-dlp beside our interpreter or else on PATH.

    It is upgraded on its own, more often than we are.
    """
    beside = Path(sys.executable).with_name("yt-dlp")
    built_in = str(beside) if beside.exists() else shutil.which("yt-dlp") or "yt-dlp"
    current = updates / "current" if updates else None
    if current is None or not (current / "yt-dlp").exists():
        return built_in
    updated = str(current.resolve() / "yt-dlp")
    return updated if _parts(version_of(updated)) > _parts(version_of(built_in)) else built_in


def version_of(path: str) -> str | None:
    """Of a program that `program` named, without running it; None for one that is not ours."""
    folder = Path(path).parent
    if folder == Path(sys.executable).parent:
        try:
            return importlib.metadata.version("yt-dlp")
        except importlib.metadata.PackageNotFoundError:
            return None
    return folder.name if folder.name[:1].isdigit() else None


def _parts(version: str | None) -> tuple[int, ...]:
    return tuple(int(part) for part in (version or "").split(".") if part.isdigit())


def age_of(version: str, now: datetime) -> timedelta | None:
    """How long ago yt-dlp's `version` came out: it is a date. None for a build that numbers itself otherwise."""
    try:
        return now - datetime.strptime(".".join(version.split(".")[:3]), "%Y.%m.%d").replace(tzinfo=UTC)
    except ValueError:
        return None


def environment(scratch: Path) -> dict[str, str]:
    """What yt-dlp gets to see: where programs are, and a home of its own. No keys, no proxies, no settings of ours."""
    beside = Path(sys.executable).parent  # where the `deno` package puts its runtime
    base = child_environment()
    home = str(scratch)
    path = os.pathsep.join([str(beside), base["PATH"]])
    return base | {"PATH": path, "HOME": home, "TMPDIR": home, "XDG_CACHE_HOME": home, "DENO_V8_FLAGS": _V8_FLAGS}


def child_limits(limits: MediaLimits) -> ChildLimits:
    """What a run of yt-dlp may use."""
    return _LIMITS.writing(limits.max_bytes + _SLACK)


def options_on_stdin(url: str, proxy: str, access: SiteAccess | None = None, cookies: Path | None = None) -> str:
    """What yt-dlp reads from stdin (`--config-locations -`): the source, the proxy's password, what the operator set.

    All of these may be secret, and every user of the machine can read a command line.

    Should yt-dlp not read it, there is no URL to fetch: it cannot go past the proxy. `url` has passed `parse_url`.
    Raises ValueError if it would be taken for an option.
    """
    if url.startswith("-"):
        raise ValueError("an option is not a URL")
    options = [("--proxy", proxy), *(("--cookies", str(file)) for file in (cookies,) if file)]
    if access is not None:
        options += [("--extractor-args", words) for words in access.extractor_args]
    return "".join(f"{name} {shlex.quote(value)}\n" for name, value in options) + f"{shlex.quote(url)}\n"


def formats(limits: MediaLimits, language: str | None = None) -> str:
    """What to choose from, in order: in the language, within the limit, whole; each falls back to the next.

    Without a wish it is the original's language: `--format-sort lang` puts dubbed tracks and descriptions behind it.
    """
    fits = f"[filesize<=?{limits.max_bytes}][filesize_approx<=?{limits.max_bytes}]"
    spoken = [f"[language~='(?i)^{language}(-|$)']"] if language else []
    filters = [*(f"{_WHOLE}{fits}{words}" for words in spoken), f"{_WHOLE}{fits}", _WHOLE, ""]
    return "/".join(f"{wanted}{_PROTOCOLS}{kept}" for kept in filters for wanted in _WANTED)


def download_command(limits: MediaLimits, language: str | None = None, access: SiteAccess | None = None) -> list[str]:
    """Download the recording behind the URL on stdin into the working folder, and say on stdout what happens.

    `--max-filesize` and the filter skip in silence, with exit code 0: no path on stdout means that nothing was stored.
    """
    return [
        *_common(access or SiteAccess()),
        *("--no-simulate", "--format", formats(limits, language), "--format-sort", "lang"),
        *("--output", "download.%(ext)s", "--playlist-items", "1"),
        *("--max-filesize", str(limits.max_bytes)),
        *("--match-filters", f"!is_live & duration<=?{limits.max_seconds:g}"),
        *("--downloader", "native", "--abort-on-unavailable-fragments"),
        # A connection that breaks is resumed where it broke off: a line may be slow, and be paid by the byte.
        *("--retries", "10", "--fragment-retries", "10", "--retry-sleep", "exp=0.2:2"),
        *("--progress", "--newline", "--progress-delta", _PROGRESS_DELTA),
        *("--progress-template", f"download:{PROGRESS_MARK}%(progress.{_PROGRESS})j"),
        *("--print", f"pre_process:{MEDIA_MARK}%(.{_MEDIA})j"),
        *("--print", f"before_dl:{CHOICE_MARK}%(.{_CHOICE})j"),
        *("--print", f"after_move:{PATH_MARK}%(filepath)j"),
    ]


def expand_command(max_entries: int, access: SiteAccess | None = None) -> list[str]:
    """Say on stdout, one line each, what recordings the URL on stdin lists; nothing is downloaded."""
    return [
        *_common(access or SiteAccess()),
        *("--simulate", "--yes-playlist", "--flat-playlist", "--lazy-playlist", "--playlist-items", f"1:{max_entries}"),
        *("--ignore-no-formats-error", "--print", f"{ENTRY_MARK}%(.{_ENTRY})j"),
    ]


def _common(access: SiteAccess) -> list[str]:
    return [
        program(access.updates),
        *("--ignore-config", "--config-locations", "-"),  # those of the machine and the user are not read
        *("--no-plugin-dirs", *(("--plugin-dirs", str(access.plugins)) if access.plugins else ())),
        *("--no-cache-dir", "--no-remote-components", "--no-playlist"),
        *("--xff", "never", "--socket-timeout", f"{SILENCE:g}"),
        # Temporal retries the whole step, later and perhaps elsewhere.
        *("--extractor-retries", "1", "--file-access-retries", "0"),
        *("--fixup", "never", "--ffmpeg-location", _NOWHERE),
        *("--quiet", "--no-update", "--color", "never"),  # warnings are wanted: they say why a site gives nothing
    ]
