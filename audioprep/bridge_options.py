"""Options of a bridge, from the settings."""

from datetime import timedelta

from audioprep.bridge.fleet.source import DatabaseSource
from audioprep.bridge.limits import LimitsByType
from audioprep.bridge.options import BridgeOptions
from audioprep.bridge.store.outbox import WebhookChoice
from audioprep.extension import installed_job_types, served_types
from audioprep.jobs.registry import JobLimits, JobTypes
from audioprep.settings import Settings
from audioprep.settings.bridge import TimeoutSettings


def bridge_options(settings: Settings) -> BridgeOptions:
    types = installed_job_types()
    return BridgeOptions(
        task_queue=settings.temporal.task_queue,
        types=types,
        serve=settings.bridge.types,
        routes=settings.bridge.routes,
        fair_window=settings.tenants.fair_window,
        max_per_tenant=settings.tenants.max_per_tenant,
        temporal_fairness=settings.tenants.temporal_fairness,
        max_in_flight=settings.bridge.max_in_flight,
        max_downloads=settings.bridge.max_downloads,
        max_looks=settings.bridge.max_looks,
        temporal_calls=settings.bridge.temporal_calls,
        idle_interval=settings.bridge.poll_interval,
        idle_max=settings.databases.idle_max,
        busy_interval=settings.bridge.busy_interval,
        sweep_interval=settings.bridge.sweep_interval,
        redrive_after=settings.bridge.redrive_after,
        orphans_interval=settings.bridge.orphans_interval,
        orphans_patience=settings.bridge.orphans_patience,
        describes_per_second=settings.bridge.describes_per_second,
        limits=_limits(settings, types),
        keep=settings.retention.rules,
        webhooks=webhook_choice(settings),
        liveness_interval=settings.bridge.liveness_interval,
        breaker=settings.breaker.rules,
    )


def webhook_choice(settings: Settings) -> WebhookChoice | None:
    """The jobs that have a webhook; None without a URL. Raises ValueError for a type that is not served."""
    if settings.webhooks.url is None:
        return None
    served, wanted = frozenset(served_types(settings).names), frozenset(settings.webhooks.types)
    if unknown := sorted(wanted - served):
        raise ValueError(f"AUDIOPREP_WEBHOOK_TYPES: {unknown[0][:80]!r} is not a job type that is served.")
    return WebhookChoice(wanted or served, settings.webhooks.statuses)


def database_source(settings: Settings) -> DatabaseSource:
    """Where the list of many databases comes from. TURSO_AUTH_TOKEN is the token of those without one of their own."""
    listed = settings.databases
    return DatabaseSource(
        listed.databases, listed.databases_command, token=settings.database.token, refresh=listed.databases_refresh
    )


def _limits(settings: Settings, types: JobTypes) -> LimitsByType:
    """Of the types that come with audioprep by settings, of an installed type its own if it names any."""

    def limits(timeout: float, attempts: int) -> JobLimits:
        return JobLimits(
            timeout=timedelta(seconds=timeout),
            max_attempts=attempts,
            first_delay=timedelta(seconds=settings.bridge.retry_first_delay),
            last_delay=timedelta(seconds=settings.bridge.retry_last_delay),
        )

    timeouts, attempts = settings.timeouts, settings.attempts
    by_type = {
        name: kind.limits or limits(getattr(timeouts, kind.name), getattr(attempts, kind.name))
        for kind in types
        for name in (kind.name, *kind.aliases)
        if kind.limits or kind.name in TimeoutSettings.model_fields
    }
    return LimitsByType(by_type, default=limits(timeouts.default, attempts.default))
