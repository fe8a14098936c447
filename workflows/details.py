"""Current details of a running workflow in Temporal's UI, as Markdown: its steps, and its files at the end. Pure."""

from datetime import datetime
from typing import Any, Final

from audioprep.jobs.request import JobRequest
from audioprep.jobs.text.details import facts_of, limits_of
from audioprep.jobs.text.redaction import scrub
from audioprep.jobs.text.wording import as_list, bounded, format_duration, plain_markdown, shown

COMPLETE: Final = "complete"
MAX_REASON: Final = 500  # characters of an error


class WorkflowDetails:
    """The current details of one job. Steps that ended say how long they took."""

    def __init__(self, request: JobRequest[Any], now: datetime) -> None:
        self._facts = dict(facts_of(request))
        self._files = self._facts.pop("files", None)
        self._limits = limits_of(request)
        self._began = self._step_began = now
        self._step = ""
        self._head = ""
        self._took: dict[str, float] = {}
        self._complete = False

    def begin(self, step: str, head: str, now: datetime) -> None:
        """A step, or progress within it. `head` is Markdown: what is untrusted in it has been escaped."""
        if step != self._step:
            self._leave(now)
            self._step = step
        self._head = head

    def end(self, how: str, now: datetime, *, reason: str = "") -> None:
        """The last word. A job that did not complete has left no files; `reason` is why it failed, as text."""
        self._leave(now)
        self._complete = not reason and how == COMPLETE
        why = f": {plain_markdown(scrub(shown(reason, MAX_REASON, None)))}" if reason else ""
        self._head = f"**{how}** in {format_duration((now - self._began).total_seconds())}{why}"

    @property
    def text(self) -> str:
        took = {step: format_duration(seconds) for step, seconds in self._took.items()}
        files = {"files": self._files} if self._complete and self._files else {}
        return bounded(f"{self._head}\n\n{as_list({**self._facts, 'limits': self._limits, **took, **files})}")

    def _leave(self, now: datetime) -> None:
        if self._step:
            spent = (now - self._step_began).total_seconds()
            self._took[self._step] = self._took.get(self._step, 0.0) + spent
        self._step_began = now
