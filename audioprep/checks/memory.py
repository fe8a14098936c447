"""Check of memory: is the limit enough for the slots?"""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from audioprep.checks.finding import CheckWarning
from audioprep.settings import Settings

_MB: Final = 1024 * 1024
# Two slots live in 512 MB: that is what the image is made for. The worker itself has its part before the first slot.
WORKER: Final = 144 * _MB
SLOT: Final = 184 * _MB
_UNLIMITED: Final = 1 << 60  # cgroup v1 says so with a number near the largest there is


async def check_memory(settings: Settings) -> str:
    return verdict(memory_limit(), settings.worker.activity_slots)


def verdict(limit: int | None, slots: int) -> str:
    """The limit as a sentence. Raises Advice when it is less than the slots need."""
    if limit is None:
        return "no limit is set for this process"
    need = WORKER + slots * SLOT
    if limit < need:
        fitting = max((limit - WORKER) // SLOT, 1)
        raise CheckWarning(
            f"the limit of {limit // _MB} MB is less than {slots} slots need, {need // _MB} MB:"
            f" raise it, or set AUDIOPREP_ACTIVITY_SLOTS={fitting}"
        )
    return f"the limit of {limit // _MB} MB is enough for {slots} slots"


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
