"""Estimate of a month's cost from the table's own history: Actions, rows, storage. Pure.

Its constants are those of docs/performance.md; a test counts the Actions in recorded histories.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from audioprep.bridge.store.usage import TypeUsage, Usage
from audioprep.settings.prices import PriceSettings

MONTH_DAYS: Final = 30.0
MIN_DAYS: Final = 1.0  # a shorter history says too little of a month
FAIRNESS: Final = 0.1  # of an Action, for each Action in a namespace that has fairness switched on

# Actions of a job without heartbeats, retries and webhook: https://docs.temporal.io/cloud/actions
ACTIONS: Final[Mapping[str, int]] = {"ingest": 5, "preview": 8, "edit": 8, "save": 5, "playlist": 3}
OTHER_ACTIONS: Final = 3  # start, timer, one activity
ENTRY_ACTIONS: Final = 6  # of each entry of a playlist: a child workflow, its timer and activities
# Activities of a job that send heartbeats: each sends one at once.
ACTIVITIES: Final[Mapping[str, int]] = {"ingest": 3, "preview": 3, "edit": 3, "save": 3, "playlist": 1}
ENTRY_ACTIVITIES: Final = 3
WEBHOOK_ACTIONS: Final = 2
STAGES: Final = 4

_INSERT_ROWS, _CLAIM_ROWS, _END_ROWS, _WRITE_ROWS, _WEBHOOK_ROWS = 6, 4, 4, 2, 2  # written, with their index entries
_READ_ROWS: Final = 5  # of a job without its progress writes
_ROW_BYTES: Final = 600  # of a row and its index entries, without JSON
_GB: Final = 1e9
_SECONDS: Final = 86_400 * MONTH_DAYS


@dataclass(frozen=True, slots=True)
class Deployment:
    """What the estimate has to know. `medians` are seconds from claim to end by type, where bridges have measured them.

    `poll_interval` and `liveness_interval` in seconds; the latter is 0 where bridges do not report.
    """

    heartbeat_interval: float
    poll_interval: float
    liveness_interval: float
    webhooks: bool = False
    bridges: int = 1
    medians: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TypeEstimate:
    """A month of one type."""

    type: str
    jobs: float
    seconds: float
    actions: float
    heartbeats: float
    rows_read: float
    rows_written: float
    table_gb: float
    object_gb: float


@dataclass(frozen=True, slots=True)
class Estimate:
    """A month of all types, and what bridges read and write whatever happens."""

    types: tuple[TypeEstimate, ...]
    polls: float
    reports: float

    @property
    def actions(self) -> float:
        return sum(each.actions for each in self.types)

    @property
    def heartbeats(self) -> float:
        """Those of the Actions that are heartbeats."""
        return sum(each.heartbeats for each in self.types)

    @property
    def rows_read(self) -> float:
        return sum(each.rows_read for each in self.types) + self.polls

    @property
    def rows_written(self) -> float:
        return sum(each.rows_written for each in self.types) + self.reports

    def dollars(self, prices: PriceSettings) -> dict[str, float]:
        """By what is billed. Storage is that of one month's jobs, kept for a month."""
        return {
            "actions": self.actions / 1e6 * prices.million_actions,
            "rowsRead": self.rows_read / 1e9 * prices.billion_rows_read,
            "rowsWritten": self.rows_written / 1e6 * prices.million_rows_written,
            "table": sum(each.table_gb for each in self.types) * prices.table_gb,
            "objects": sum(each.object_gb for each in self.types) * prices.object_gb,
        }


def estimate(usage: Usage, days: float, deployment: Deployment, jobs: float | None = None) -> Estimate:
    """A month at the pace of `usage`, which covers `days`; or of `jobs` jobs with the same mix."""
    pace = MONTH_DAYS / max(days, MIN_DAYS)
    factor = jobs / usage.jobs if jobs is not None and usage.jobs else pace
    repeated = max(60.0, 2 * deployment.liveness_interval)
    return Estimate(
        types=tuple(_of_type(each, factor, deployment) for each in usage.types),
        polls=_SECONDS / deployment.poll_interval * deployment.bridges,
        reports=_SECONDS / repeated * deployment.bridges if deployment.liveness_interval else 0.0,
    )


def _of_type(usage: TypeUsage, factor: float, deployment: Deployment) -> TypeEstimate:
    seconds = deployment.medians.get(usage.type, usage.seconds or 0.0)
    jobs = usage.jobs * factor
    entries = usage.entries / usage.jobs if usage.jobs else 0.0
    heartbeats = ACTIVITIES.get(usage.type, 1) + ENTRY_ACTIVITIES * entries + seconds / deployment.heartbeat_interval
    hook = deployment.webhooks
    fixed = ACTIONS.get(usage.type, OTHER_ACTIONS) + ENTRY_ACTIONS * entries + WEBHOOK_ACTIONS * hook
    writes = STAGES + seconds / max(2.0, deployment.heartbeat_interval)
    written = _INSERT_ROWS + _CLAIM_ROWS + _END_ROWS + _WRITE_ROWS * writes + _WEBHOOK_ROWS * hook
    return TypeEstimate(
        type=usage.type,
        jobs=jobs,
        seconds=seconds,
        actions=jobs * (fixed + usage.retries + heartbeats),
        heartbeats=jobs * heartbeats,
        rows_read=jobs * (_READ_ROWS + writes + 2 * hook),
        rows_written=jobs * written,
        table_gb=factor * (usage.bytes + usage.jobs * _ROW_BYTES) / _GB,
        object_gb=factor * usage.stored_bytes / _GB,
    )
