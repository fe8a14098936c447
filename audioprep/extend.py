"""The public names of audioprep as a library.

What is in `__all__`, and what the docstrings of these names promise, changes only with a line in the changelog; every
other module may move. A name is imported when it is asked for: a bridge loads no activity, a workflow no database.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from audioprep.activities.attempt.context import AttemptContext as AttemptContext
    from audioprep.activities.ffmpeg.command import input_options as input_options
    from audioprep.activities.ffmpeg.probe import probe as probe
    from audioprep.activities.ffmpeg.run import run_ffmpeg as run_ffmpeg
    from audioprep.activities.process.limits import ChildLimits as ChildLimits
    from audioprep.activities.process.supervisor import child_process as child_process
    from audioprep.activities.resources import ActivityResources as ActivityResources
    from audioprep.bridge.bridge import Bridge as Bridge
    from audioprep.bridge.limits import LimitsByType as LimitsByType
    from audioprep.bridge.options import BridgeOptions as BridgeOptions
    from audioprep.bridge.store.outbox import WebhookChoice as WebhookChoice
    from audioprep.bridge.store.retention import KeepRules as KeepRules
    from audioprep.extension import Extension as Extension
    from audioprep.jobs.errors import ErrorKind as ErrorKind
    from audioprep.jobs.errors import PermanentError as PermanentError
    from audioprep.jobs.errors import TransientError as TransientError
    from audioprep.jobs.keys import checked as checked_key
    from audioprep.jobs.payload import JobPayload as JobPayload
    from audioprep.jobs.payload import WireModel as WireModel
    from audioprep.jobs.registry import JOB_TYPES as JOB_TYPES
    from audioprep.jobs.registry import JobLimits as JobLimits
    from audioprep.jobs.registry import JobType as JobType
    from audioprep.jobs.registry import JobTypes as JobTypes
    from audioprep.jobs.request import JobRequest as JobRequest
    from audioprep.jobs.status import Stage as Stage
    from audioprep.jobs.text.hosts import site_of as site_of
    from audioprep.jobs.text.wording import shown as shown
    from audioprep.plugin import AudioPrepPlugin as AudioPrepPlugin
    from audioprep.workflows.steps import Steps as Steps
    from audioprep.workflows.steps import open_steps as open_steps

__all__ = [
    "JOB_TYPES",
    "ActivityResources",
    "AttemptContext",
    "AudioPrepPlugin",
    "Bridge",
    "BridgeOptions",
    "ChildLimits",
    "ErrorKind",
    "Extension",
    "JobLimits",
    "JobPayload",
    "JobRequest",
    "JobType",
    "JobTypes",
    "KeepRules",
    "LimitsByType",
    "PermanentError",
    "Stage",
    "Steps",
    "TransientError",
    "WebhookChoice",
    "WireModel",
    "checked_key",
    "child_process",
    "input_options",
    "open_steps",
    "probe",
    "run_ffmpeg",
    "shown",
    "site_of",
]

# By area: the name, where it is, and what it is for. docs/extending.md shows it as a table.
PUBLIC: Final[dict[str, dict[str, tuple[str, str]]]] = {
    "Workers and clients": {
        "AudioPrepPlugin": (
            "plugin",
            "a Temporal client or worker of your own runs audioprep's workflows and activities",
        ),
        "Extension": ("extension", "a package that brings job types: their workflows and activities"),
    },
    "The bridge": {
        "Bridge": ("bridge.bridge", "the bridge in your program"),
        "BridgeOptions": ("bridge.options", "what it serves, and at which pace"),
        "JobLimits": ("jobs.registry", "time and attempts of a job"),
        "LimitsByType": ("bridge.limits", "those of each type"),
        "KeepRules": ("bridge.store.retention", "how long finished rows are kept, by status"),
        "WebhookChoice": ("bridge.store.outbox", "which jobs have a webhook"),
    },
    "Job types": {
        "JobType": ("jobs.registry", "a word of the `type` column: workflow, metadata, stages and their shares"),
        "JobTypes": ("jobs.registry", "several of them, found by name"),
        "JOB_TYPES": ("jobs.registry", "those that come with audioprep"),
        "JobPayload": ("jobs.payload", "base of a type's metadata"),
        "WireModel": (
            "jobs.payload",
            "base of every value that crosses a boundary as JSON: camelCase outside, snake_case inside",
        ),
        "JobRequest": ("jobs.request", "the single argument of a job's workflow"),
        "Stage": ("jobs.status", "audioprep's words for stages; any other word will do as well"),
    },
    "Errors": {
        "ErrorKind": ("jobs.errors", "the closed list of causes"),
        "PermanentError": ("jobs.errors", "fails the job at once; its message is the row's `error`"),
        "TransientError": ("jobs.errors", "Temporal retries the activity"),
    },
    "Untrusted input": {
        "checked_key": (
            "jobs.keys:checked",
            "a storage key from a row; raises PermanentError if it could leave the storage",
        ),
        "site_of": ("jobs.text.hosts", "the site of a URL, for limits per host"),
        "shown": ("jobs.text.wording", "text of others as one printable line"),
    },
    "Inside a workflow": {
        "open_steps": ("workflows.steps", "the frame of a workflow: time, attempts, cancel, handover, stages"),
        "Steps": ("workflows.steps", "runs activities one after the other"),
    },
    "Inside an activity": {
        "ActivityResources": ("activities.resources", "storage, cache, limits, limits per host, scratch directory"),
        "AttemptContext": ("activities.attempt.context", "one attempt: scratch directory, heartbeats, progress"),
        "child_process": (
            "activities.process.supervisor",
            "a child process: limited, supervised, terminated with its group",
        ),
        "ChildLimits": ("activities.process.limits", "what the kernel holds a child to"),
        "probe": ("activities.ffmpeg.probe", "what ffprobe says of a file"),
        "run_ffmpeg": ("activities.ffmpeg.run", "ffmpeg, followed by its own progress"),
        "input_options": ("activities.ffmpeg.command", "`-i FILE`, fenced in"),
    },
}

_PLACES: Final = {name: place for names in PUBLIC.values() for name, (place, _) in names.items()}


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, _, attribute = _PLACES[name].partition(":")
    return getattr(import_module(f"audioprep.{module}"), attribute or name)


def table() -> str:
    """The public names as a Markdown table."""
    rows = [
        f"| `{name}` | {purpose} | {area} |" for area, names in PUBLIC.items() for name, (_, purpose) in names.items()
    ]
    return "\n".join(["| from `audioprep.extend` | for | area |", "|---|---|---|", *rows])
