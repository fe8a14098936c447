"""Memory of this process's control group, and what each kind of child takes of it."""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

_MB: Final = 1024 * 1024
# Measured in a container of 512 MB, without file cache: `serve` with two renders of half an hour took some 140 MB, and
# yt-dlp with deno 306 MB while it answers a challenge of a script of YouTube's size. `make try-image` has all at once.
WORKER: Final = 128 * _MB
STEP: Final = 32 * _MB
YTDLP: Final = 312 * _MB
_MOST_RUNS: Final = 3  # of yt-dlp at once, if memory allows more: more slots than that are for the operator to set
_UNLIMITED: Final = 1 << 60  # cgroup v1 says so with a number near the largest there is


def fitting_runs(limit: int | None, steps: int) -> int:
    """Runs of yt-dlp at once that fit beside `steps` other steps: one at least."""
    if limit is None:
        return _MOST_RUNS
    return min(max((limit - WORKER - steps * STEP) // YTDLP, 1), _MOST_RUNS)


def memory_limit(root: Path = Path("/sys/fs/cgroup"), cgroups: Path = Path("/proc/self/cgroup")) -> int | None:
    """Bytes that the control groups of this process allow; None where they allow all, or where there are none.

    A container sees its own group as the root; outside of one, each group above may set a limit, too.
    https://docs.kernel.org/admin-guide/cgroup-v2.html#memory-interface-files
    """
    limits = [limit for file in _files(root, cgroups) if (limit := _read(file)) is not None]
    return min(limits, default=None)


def _files(root: Path, cgroups: Path) -> Iterable[Path]:
    try:
        lines = cgroups.read_text().splitlines()
    except OSError:  # not Linux
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers not in ("", "memory"):
            continue
        base, name = (root / "memory", "memory.limit_in_bytes") if controllers else (root, "memory.max")
        group = base / path.lstrip("/")
        yield from (folder / name for folder in (group, *group.parents) if folder.is_relative_to(base))


def _read(file: Path) -> int | None:
    try:
        text = file.read_text().strip()
    except OSError:  # no such group in this view of them
        return None
    return int(text) if text.isdigit() and int(text) < _UNLIMITED else None
