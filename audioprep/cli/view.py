"""How a job looks in a terminal."""

import asyncio
import json
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn

if TYPE_CHECKING:
    from audioprep.bridge.store import JobStore
    from audioprep.jobs.job import Job

STYLES = {
    "pending": "yellow",
    "processing": "cyan",
    "complete": "green",
    "failed": "bold red",
    "cancelled": "magenta",
}
_POLL_INTERVAL = 0.25  # seconds between two looks at the row


def as_dict(job: "Job") -> dict[str, Any]:
    """A row as the web app sees it, its JSON columns parsed."""
    return {
        "jobId": job.job_id,
        "type": job.type,
        "status": job.status.value,
        "stage": job.stage,
        "progress": job.progress,
        "metadata": _parsed(job.metadata),
        "result": _parsed(job.result),
        "error": job.error,
        "retryCount": job.retry_count,
        "createdAt": job.created_at,
        "updatedAt": job.updated_at,
    }


class Watcher:
    """Follows a row to its end: a live bar in a terminal, a line per change elsewhere, nothing when quiet."""

    def __init__(self, store: "JobStore", console: Console, *, quiet: bool = False) -> None:
        self._store = store
        self._console = console
        self._quiet = quiet
        self._last = ""

    async def follow(self, job: "Job") -> "Job":
        """The row once it is final, a cancel acknowledged."""
        bar = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            TimeElapsedColumn(),
            console=self._console,
            transient=True,
            disable=self._quiet or not self._console.is_terminal,
        )
        with bar:
            task = bar.add_task("", total=100)
            while not job.status.is_final or job.cancel_requested:
                known = job.progress > 0
                bar.update(task, description=_label(job), completed=job.progress, total=100 if known else None)
                self._print_change(job)
                await asyncio.sleep(_POLL_INTERVAL)
                job = await self._store.get(job.job_id) or job
        self._print_end(job)
        return job

    def _print_change(self, job: "Job") -> None:
        line = f"{_label(job)} {job.progress:.0f} %" if job.progress else _label(job)
        if not self._quiet and not self._console.is_terminal and line != self._last:
            self._console.print(line, highlight=False)
            self._last = line

    def _print_end(self, job: "Job") -> None:
        if self._quiet:
            return
        self._console.print(f"[{STYLES[job.status]}]{job.status.value}[/]", job.job_id, highlight=False)
        if job.error:
            self._console.print(job.error, markup=False, highlight=False, soft_wrap=True)
        if job.result:
            self._console.print_json(job.result)


def _label(job: "Job") -> str:
    return f"{job.type} {job.status.value} {job.stage or ''}".strip()


def _parsed(text: str | None) -> Any:
    try:
        return None if text is None else json.loads(text)
    except ValueError:  # another program's text: shown as it is
        return text
