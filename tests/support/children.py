"""The child processes of a worker, as the system sees them."""

import psutil

from tests.support.waiting import eventually


def descendants(pid: int, name: str = "") -> list[psutil.Process]:
    """Live descendants of a process whose command line contains `name`."""
    found = []
    for child in psutil.Process(pid).children(recursive=True):
        try:
            if name in " ".join(child.cmdline()) and child.status() != psutil.STATUS_ZOMBIE:
                found.append(child)
        except psutil.NoSuchProcess:
            continue
    return found


async def child_of(pid: int, name: str, within: float = 20.0) -> psutil.Process:
    """The first such descendant, once there is one."""

    async def check() -> list[psutil.Process]:
        return descendants(pid, name)

    return (await eventually(check, within=within, what=f"a child {name!r} of {pid}"))[0]


async def until_gone(process: psutil.Process, within: float = 10.0) -> None:
    async def check() -> bool:
        try:
            return process.status() == psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return True

    await eventually(check, within=within, what=f"end of {process}")
