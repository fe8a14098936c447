"""CPU time by program: of two ways that keep a machine busy, it tells what the longer one spends its time on."""

from collections.abc import Mapping
from typing import TypeAlias

import psutil

from benchmarks.stack import Stack

CpuTimes: TypeAlias = dict[str, float]
"""Seconds by program."""


class CpuMeter:
    """The servers of a stack, the roles given by name, and the children that these or we ourselves have waited for."""

    def __init__(self, stack: Stack, roles: Mapping[str, int]) -> None:
        self._pids = {"Temporal": stack.temporal.pid, "sqld": stack.database.pid, **roles}

    def read(self) -> CpuTimes:
        """Used up to now."""
        times = {name: psutil.Process(pid).cpu_times() for name, pid in self._pids.items()}
        used = {name: time.user + time.system for name, time in times.items()}
        own = psutil.Process().cpu_times()
        waited = [*times.values(), own]
        children = sum(time.children_user + time.children_system for time in waited)
        return used | {"this program": own.user + own.system, "children": children}


def since(before: CpuTimes, after: CpuTimes) -> CpuTimes:
    return {name: after[name] - before[name] for name in after}


def added(one: CpuTimes, other: CpuTimes) -> CpuTimes:
    return {name: one.get(name, 0.0) + seconds for name, seconds in other.items()}


def told(times: CpuTimes, jobs: int) -> str:
    """Milliseconds of CPU per job, the whole and its parts."""
    each = {name: seconds / jobs * 1000 for name, seconds in times.items()}
    parts = ", ".join(f"{name} {value:.1f}" for name, value in each.items() if value >= 0.05)
    return f"{sum(each.values()):.1f} ms ({parts})"
