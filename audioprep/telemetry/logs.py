"""Logs: an event with fields, for people or for programs. docs/logs.md lists the events.

A line about a job has its `job_id` and its `workflow_id`. A record of a library is the event `library_record`.
"""

import logging
import sys
from collections.abc import Mapping
from datetime import datetime
from textwrap import indent
from typing import Any, Final

import structlog
from structlog.typing import EventDict
from temporalio.exceptions import ApplicationError

from audioprep.jobs.errors import ErrorKind
from audioprep.jobs.request import job_id_of, short_id, workflow_id_for
from audioprep.jobs.text.redaction import scrub
from audioprep.jobs.text.wording import printable
from audioprep.settings.service import LogSettings

_DERIVED: Final = ("workflow_id", "table_id")  # what a job's id leads to


def configure_logging(settings: LogSettings) -> None:
    """Send events of ours, and records of the libraries, to stderr in one format."""
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _with_workflow_id,
        _without_secrets,
    ]
    if settings.log_format != "json":
        shared += [_printable, *([_short] if sys.stderr.isatty() else [])]
    renderer = _json() if settings.log_format == "json" else _console()
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.stdlib.LoggerFactory(),
    )
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[_as_event, *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    logging.basicConfig(handlers=[handler], level=max(level, logging.WARNING), force=True)
    logging.getLogger("temporalio.activity").addFilter(_is_unforeseen)
    logging.getLogger("audioprep").setLevel(level)


def _is_unforeseen(record: logging.LogRecord) -> bool:
    """False for a trace of an attempt that failed as attempts may: the event `step_failed` has said it in one line."""
    error = record.exc_info[1] if record.exc_info else None
    return not (isinstance(error, ApplicationError) and error.type in {*ErrorKind})


def _json() -> structlog.typing.Processor:
    return structlog.processors.JSONRenderer()


def _console() -> structlog.typing.Processor:
    """Not with its own way with exceptions, which prints the value of every local variable."""
    plain = structlog.dev.plain_traceback
    colors = sys.stderr.isatty()
    return structlog.dev.ConsoleRenderer(colors=colors, exception_formatter=plain, pad_event_to=0, pad_level=False)


def _as_event(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """A library's record: its text is the message, and what Temporal's SDK knows of the workflow goes along."""
    record: logging.LogRecord = event["_record"]
    about = getattr(record, "temporal_activity", None) or getattr(record, "temporal_workflow", None) or {}
    workflow_id = about.get("workflow_id")
    named = {"job_id": job_id_of(workflow_id), "workflow_id": workflow_id} if workflow_id else {}
    return {**event, "event": "library_record", "logger": record.name, "message": event["event"], **named}


def _with_workflow_id(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """So that a line leads to Temporal as well as to the row."""
    named = "job_id" in event and "table_id" in event
    return {**event, "workflow_id": workflow_id_for(event["job_id"], event["table_id"])} if named else event


def _without_secrets(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """The last step before printing: no text in an event holds a secret, at whatever depth."""
    return {name: _scrubbed(value) for name, value in event.items()}


def _printable(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """For terminals: no control characters; a trace keeps its lines, indented, so that none passes for an event."""
    trace = {"exception": indent(printable(event["exception"], "\n"), "  ")} if "exception" in event else {}
    fields = {name: printable(value) if isinstance(value, str) else value for name, value in event.items()}
    return {**fields, **trace}


def _short(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """For a person at a terminal: the local time of day, and of a job's id the characters that commands take."""
    at = datetime.fromisoformat(event["timestamp"]).astimezone()
    ids = {"job_id": short_id(event["job_id"])} if isinstance(event.get("job_id"), str) else {}
    kept = {name: value for name, value in event.items() if name not in _DERIVED}
    step = {"step": event["step"].removeprefix("audioprep.")} if "step" in event else {}
    return {**kept, "timestamp": f"{at:%H:%M:%S}", **ids, **step}


def _scrubbed(value: Any) -> Any:
    match value:
        case str():
            return scrub(value)
        case Mapping():
            return {key: _scrubbed(item) for key, item in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_scrubbed(item) for item in value]
        case BaseException():
            return scrub(str(value))
        case _:
            return value
