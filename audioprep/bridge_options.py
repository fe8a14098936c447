"""Options of a bridge, from the settings."""

from datetime import timedelta

from audioprep.bridge.bridge import BridgeOptions
from audioprep.bridge.limits import JobLimits, LimitsByType
from audioprep.extension import installed_job_types
from audioprep.settings import Settings


def bridge_options(settings: Settings) -> BridgeOptions:
    return BridgeOptions(
        task_queue=settings.temporal.task_queue,
        types=installed_job_types(),
        serve=settings.bridge.types,
        routes=settings.bridge.routes,
        max_in_flight=settings.bridge.max_in_flight,
        max_downloads=settings.bridge.max_downloads,
        max_looks=settings.bridge.max_looks,
        temporal_calls=settings.bridge.temporal_calls,
        idle_interval=settings.bridge.poll_interval,
        busy_interval=settings.bridge.busy_interval,
        sweep_interval=settings.bridge.sweep_interval,
        redrive_after=settings.bridge.redrive_after,
        strays_interval=settings.bridge.strays_interval,
        strays_patience=settings.bridge.strays_patience,
        looks_per_second=settings.bridge.looks_per_second,
        terms=_terms(settings),
    )


def _terms(settings: Settings) -> LimitsByType:
    def terms(timeout: float, attempts: int) -> JobLimits:
        return JobLimits(
            timeout=timedelta(seconds=timeout),
            max_attempts=attempts,
            first_delay=timedelta(seconds=settings.bridge.retry_first_delay),
            last_delay=timedelta(seconds=settings.bridge.retry_last_delay),
        )

    timeouts, attempts = settings.timeouts, settings.attempts
    preview = terms(timeouts.preview, attempts.preview)
    by_type = {
        "ingest": terms(timeouts.ingest, attempts.ingest),
        "preview": preview,
        "edit": preview,
        "save": terms(timeouts.save, attempts.save),
        "playlist": terms(timeouts.playlist, attempts.playlist),
    }
    return LimitsByType(by_type, default=terms(timeouts.default, attempts.default))
