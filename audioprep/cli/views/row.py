"""One row for programs, in a table, and in a word."""

import json
from typing import TYPE_CHECKING, Any

from rich.style import Style
from rich.text import Text

if TYPE_CHECKING:
    from audioprep.jobs.job import Job

STYLES = {
    "pending": "yellow",
    "processing": "cyan",
    "complete": "green",
    "failed": "bold red",
    "cancelled": "magenta",
}


def as_dict(job: "Job") -> dict[str, Any]:
    """A row as the web app sees it, its JSON columns parsed."""
    return {
        "jobId": job.job_id,
        "type": job.type,
        "status": job.status.value,
        "stage": job.stage,
        "progress": job.progress,
        "metadata": parsed(job.metadata),
        "result": parsed(job.result),
        "error": job.error,
        "retryCount": job.retry_count,
        "createdAt": job.created_at,
        "updatedAt": job.updated_at,
    }


def status_of(job: "Job") -> Text:
    """The status in its colour."""
    return Text(job.status.value, STYLES.get(job.status, "red"))


def linked(text: str, url: str, style: str = "") -> Text:
    """A hyperlink in terminals that know such (OSC 8), plain text elsewhere and without a URL."""
    return Text(text, Style.parse(style) + Style(link=url) if url else style)


def settled(job: "Job") -> bool:
    """Final, and nothing runs for it any more."""
    return job.status.is_final and not job.cancel_requested


def label(job: "Job") -> str:
    """Type, status and stage, as far as there are any."""
    return f"{job.type} {job.status.value} {job.stage or ''}".strip()


def parsed(text: str | None) -> Any:
    """The value of a JSON column; another program's text is shown as it is."""
    try:
        return None if text is None else json.loads(text)
    except (ValueError, RecursionError):
        return text
