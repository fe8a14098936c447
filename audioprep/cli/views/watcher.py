"""Rows followed to their end: a live bar for each in a terminal, a line per change elsewhere, nothing when quiet."""

import asyncio
from typing import TYPE_CHECKING

from rich.console import Console
from rich.padding import Padding
from rich.progress import BarColumn, Progress, ProgressColumn, SpinnerColumn, Task, TaskID, TextColumn
from rich.text import Text

from audioprep.cli.views.joblist import age, short_ids
from audioprep.cli.views.row import label, linked, parsed, settled, status_of
from audioprep.jobs.timestamps import utc_now

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from audioprep.bridge.store.listing import JobLists
    from audioprep.cli.views.forecast import Forecast
    from audioprep.jobs.job import Job

_POLL_INTERVAL = 0.25  # seconds between two looks at the rows
_WIDE = 70  # columns of a terminal in which a bar may be long
_BAR, _SHORT_BAR = 24, 8  # columns


class _About(ProgressColumn):
    """Job, status and stage of a bar. Not markup: a link's URL may have brackets."""

    def render(self, task: Task) -> Text:
        about = task.fields["about"]
        return about if isinstance(about, Text) else Text(about)


class Watcher:
    """Follows rows with one request per look, however many they are.

    `link` has the page of a job in Temporal's UI, empty if there is none.
    """

    def __init__(
        self,
        lists: "JobLists",
        console: Console,
        forecast: "Forecast",
        link: "Callable[[Job], str]" = lambda _: "",
        *,
        quiet: bool = False,
    ) -> None:
        self._lists = lists
        self._forecast = forecast
        self._console = console
        self._link = link
        self._quiet = quiet
        self._said: dict[str, Text] = {}
        self._ids: dict[str, str] = {}
        self._linked: set[str] = set()
        self._bars: dict[str, TaskID] = {}
        self._progress = Progress(
            SpinnerColumn(),
            _About(),
            BarColumn(bar_width=_BAR if console.width >= _WIDE else _SHORT_BAR),
            TextColumn("{task.fields[shown]:>5} {task.fields[age]:>4}"),
            console=console,
            transient=True,
            disable=quiet or not console.is_terminal,
        )

    async def follow(self, jobs: "list[Job]") -> "list[Job]":
        """The rows, in the order given, once each is final and its cancel acknowledged. Deleted ones are left out."""
        last = {job.job_id: job for job in jobs}
        self._ids = short_ids(list(last))
        with self._progress:
            while unsettled := [job_id for job_id, job in last.items() if not settled(job)]:
                await self._forecast.update(() if self._quiet else last.values())
                self._show(last.values(), alone=len(last) == 1)
                await asyncio.sleep(_POLL_INTERVAL)
                found = {job.job_id: job for job in await self._lists.get_all(unsettled)}
                last = {job_id: found.get(job_id, job) for job_id, job in last.items() if _kept(job, found)}
            self._show(last.values(), alone=len(last) == 1)
        if not self._quiet and len(last) == 1:
            self._print_outcome(*last.values())
        return list(last.values())

    def _show(self, jobs: "Iterable[Job]", *, alone: bool) -> None:
        if self._quiet:
            return
        for job in jobs:
            if alone:
                self._say_link(job)
            if settled(job):
                self._settle(job, alone=alone)
            elif self._console.is_terminal:
                self._draw(job, alone=alone)
            else:
                percent = f" {job.progress:.0f} %" if job.progress else ""
                hint = f", {self._forecast.hint(job)}" if self._forecast.hint(job) else ""
                self._say(job, self._named(job, Text(f"{label(job)}{percent}{hint}"), alone=alone))

    def _draw(self, job: "Job", *, alone: bool) -> None:
        about = self._forecast.hint(job) or job.stage or ""
        text = self._named(job, Text.assemble(status_of(job), f" {job.type} {about}"), alone=alone)
        if job.job_id not in self._bars:
            self._bars[job.job_id] = self._progress.add_task("", total=100, about=text, shown="", age="")
        self._progress.update(
            self._bars[job.job_id],
            about=text,
            completed=job.progress,
            shown=f"{job.progress:.0f} %" if job.progress else "",
            age=age(job.created_at, utc_now()),  # the job's, however late somebody began to watch
        )

    def _settle(self, job: "Job", *, alone: bool) -> None:
        """A bar that ends makes room for the others; of several jobs each leaves a line."""
        if job.job_id in self._bars:
            self._progress.remove_task(self._bars.pop(job.job_id))
        if not alone:
            line = Text.assemble(status_of(job), f" {job.type} ", linked(job.job_id, self._link(job)))
            self._say(job, line, job.error or "")

    def _say_link(self, job: "Job") -> None:
        """Once, when the job has a page in Temporal's UI."""
        if job.job_id not in self._linked and (url := self._link(job)):
            self._linked.add(job.job_id)
            self._progress.console.print(f"workflow {url}", markup=False, highlight=False, soft_wrap=True)

    def _named(self, job: "Job", text: Text, *, alone: bool) -> Text:
        return text if alone else Text.assemble(linked(self._ids[job.job_id], self._link(job), "dim"), " ", text)

    def _say(self, job: "Job", line: Text, error: str = "") -> None:
        if self._said.get(job.job_id) == line:
            return
        self._said[job.job_id] = line
        self._progress.console.print(line, highlight=False, soft_wrap=True)
        if error:
            self._progress.console.print(Padding(Text(error), (0, 0, 0, 3)))

    def _print_outcome(self, job: "Job") -> None:
        self._console.print(status_of(job), linked(job.job_id, self._link(job)), highlight=False, soft_wrap=True)
        if job.error:
            self._console.print(Text(job.error), soft_wrap=not self._console.is_terminal)
        result = parsed(job.result)
        if isinstance(result, dict | list):
            self._console.print_json(data=result)
        elif job.result:
            self._console.print(job.result, markup=False, highlight=False, soft_wrap=True)


def _kept(job: "Job", found: "dict[str, Job]") -> bool:
    return settled(job) or job.job_id in found
