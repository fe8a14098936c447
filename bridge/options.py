"""Options of a bridge."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from audioprep.bridge.limits import LimitsByType
from audioprep.bridge.store.outbox import WebhookChoice
from audioprep.bridge.store.queue.circuit import BreakerRules
from audioprep.bridge.store.retention import KeepRules
from audioprep.jobs.registry import JOB_TYPES, JobTypes
from audioprep.jobs.routes import served


@dataclass(frozen=True, slots=True, kw_only=True)
class BridgeOptions:
    """How a bridge behaves. Intervals in seconds. Raises ValueError for a route, type or name that `all_types` refuses.

    `types` are those with a model; `serve` narrows them to these words of the `type` column, empty for all. `routes`
    are types without a model, `{"transcribe": "TranscribeWorkflow@queue"}`, and always served. Rows of all other types
    are left alone. `webhooks` says which ends have a webhook; None: none. `idle_max` is
    the longest interval between two polls of one of many databases. `liveness_interval` is the shortest time between
    two writes of what the bridge says of itself; 0: it says nothing. `breaker` says when a source is paused by itself.
    """

    task_queue: str = "audioprep"
    types: JobTypes = JOB_TYPES
    serve: Collection[str] = ()
    routes: Mapping[str, str] = field(default_factory=dict)
    fair_window: int = 200
    max_per_tenant: int | None = None
    temporal_fairness: bool = False
    max_in_flight: int = 4
    max_downloads: int = 50
    max_looks: int = 20
    temporal_calls: int = 20
    idle_interval: float = 3.0
    idle_max: float = 60.0
    busy_interval: float = 0.5
    sweep_interval: float = 15.0
    redrive_after: float = 15.0
    orphans_interval: float = 60.0
    orphans_patience: float = 60.0
    describes_per_second: float = 50.0
    limits: LimitsByType = LimitsByType()
    keep: KeepRules = KeepRules()
    webhooks: WebhookChoice | None = None
    liveness_interval: float = 15.0
    breaker: BreakerRules = BreakerRules()

    def __post_init__(self) -> None:
        served(self.types, self.serve, self.routes)

    @property
    def all_types(self) -> JobTypes:
        """The types served. Raises ValueError if a route is invalid, a type is unknown, or two have the same name."""
        return served(self.types, self.serve, self.routes)
