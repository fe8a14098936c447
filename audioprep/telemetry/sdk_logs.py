"""Log lines of Temporal's SDK core as structured events, at a bounded rate.

The core is written in Rust and would print to stderr by itself, as plain text and a line for every retry of a poll.
"""

import logging
from typing import Any, Final

import structlog
from temporalio.runtime import LogForwardingConfig, LoggingConfig, TelemetryFilter

from audioprep.http.token_bucket import TokenBucket

log = structlog.get_logger()

_BURST: Final = 10  # lines at once
_PER_SECOND: Final = 0.25  # lines after that: 15 a minute
_LONGEST: Final = 500  # characters of a message or a field


def sdk_logging(level: str = "WARN") -> LoggingConfig:
    """For a `Runtime`: the core's own lines from `level` on, other crates' errors, as `temporal_sdk` events."""
    logger = logging.Logger("temporal sdk core")  # not in the tree of loggers: its only handler is ours
    logger.addHandler(_AsEvents())
    forwarding = LogForwardingConfig(
        logger, append_target_to_name=False, prepend_target_on_message=False, append_log_fields_to_message=False
    )
    return LoggingConfig(filter=TelemetryFilter(core_level=level, other_level="ERROR"), forwarding=forwarding)


class _AsEvents(logging.Handler):
    """Drops what goes beyond the rate, and counts it in the `dropped` field of the next line."""

    def __init__(self) -> None:
        super().__init__()
        self._bucket = TokenBucket(_BURST, _PER_SECOND)
        self._dropped = 0

    def emit(self, record: logging.LogRecord) -> None:
        if not self._bucket.take():
            self._dropped += 1
            return
        entry = getattr(record, "temporal_log", None)
        about: dict[str, Any] = {"message": record.getMessage()[:_LONGEST]}
        if entry is not None:
            about |= {"target": entry.target, "fields": {name: str(it)[:_LONGEST] for name, it in entry.fields.items()}}
        if self._dropped:
            about["dropped"] = self._dropped
        self._dropped = 0
        if record.levelno >= logging.ERROR:
            log.error("temporal_sdk", **about)
        else:
            log.warning("temporal_sdk", **about)
