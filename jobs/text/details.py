"""Summary and details of a job, as Markdown for Temporal's UI. Pure."""

from collections.abc import Mapping
from typing import Any, Final, Protocol, runtime_checkable

from audioprep.jobs.request import JobRequest
from audioprep.jobs.text.redaction import scrub
from audioprep.jobs.text.wording import as_list, bounded, format_duration, inline_code, plain_markdown


@runtime_checkable
class Described(Protocol):
    """A payload that has more to say than its summary."""

    def facts(self, request: JobRequest[Any]) -> Mapping[str, str]:
        """Markdown by name: where the job's input comes from, and where its output will be."""


def summary_of(*parts: str) -> str:
    """One line for Temporal's UI, which renders it as Markdown: without secrets, escaped, and short enough for it."""
    return plain_markdown(scrub(" · ".join(filter(None, parts))))


_BEFOREHAND: Final = {"files": "files once complete"}  # a failed job has none, and these details cannot change


def details_of(request: JobRequest[Any]) -> str:
    """What is known of a job before it runs: its id, its input, its limits, the keys of its files."""
    job = f"{inline_code(request.job_id)}, {request.type}"
    facts = {_BEFOREHAND.get(name, name): text for name, text in facts_of(request).items()}
    return bounded(as_list({"job": job, **facts, "limits": limits_of(request)}))


def facts_of(request: JobRequest[Any]) -> Mapping[str, str]:
    """What the payload says of itself; nothing when it says only its summary."""
    return request.payload.facts(request) if isinstance(request.payload, Described) else {}


def limits_of(request: JobRequest[Any]) -> str:
    tries = "1 try" if request.max_attempts == 1 else f"{request.max_attempts} tries"
    return f"{format_duration(request.timeout_seconds)} in all, {tries} a step"
