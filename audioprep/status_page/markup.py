"""HTML of the status page. Pure: all text is untrusted and escaped here; there is no script."""

import html
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final
from urllib.parse import quote

from audioprep.diagnosis.overview import MAX_FAILED, MAX_UNFINISHED, MAX_WAITING, Overview, problems_of
from audioprep.diagnosis.problems import settled
from audioprep.jobs.job import Job
from audioprep.jobs.request import short_id
from audioprep.jobs.status import JobStatus
from audioprep.jobs.text.wording import printable
from audioprep.jobs.timestamps import from_text
from audioprep.status_page.source import MAX_JOBS, JobPage

PATH: Final = "/status"
_LONGEST: Final = 4_000  # characters of a column
_UNITS: Final = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))


def overview_page(overview: Overview, jobs: Sequence[Job], now: datetime) -> str:
    """Who works, what waits, what failed, what is under way, and the newest jobs."""
    problems = problems_of(overview, now)
    verdict = (
        f"<ul>{''.join(f'<li class=bad>{text(problem)}</li>' for problem in problems)}</ul>"
        if problems
        else "<p class=well>All is well.</p>"
    )
    under_way = [job for job in overview.unfinished if job.status != JobStatus.PENDING]
    parts = [
        f"<h1>audioprep</h1><p>{text(now.isoformat(timespec='seconds'))}</p>",
        verdict,
        _facts(_state(overview, now)),
        "<h2>Failed since yesterday, by kind</h2>",
        _table(("kind", "jobs"), [(text(kind), str(count)) for kind, count in overview.kinds.items()]),
        f"<p>Of the newest {MAX_FAILED}.</p>" if len(overview.failed) == MAX_FAILED else "",
        "<h2>Under way</h2>",
        _job_table(under_way, now),
        f"<h2>The newest {MAX_JOBS}</h2>",
        _job_table(jobs, now),
    ]
    return _document("audioprep", "".join(parts))


def job_page(page: JobPage, token: str, now: datetime, said: str = "") -> str:
    """One row, whose move it is, what happened, and what can be done."""
    job, told = page.job, page.diagnosis
    link = f'<a href="{text(page.link)}" rel=noreferrer>in Temporal\'s UI</a>' if page.link else ""
    parts = [
        f"<p><a href={PATH}>all jobs</a> {link}</p><h1>{text(job.type)} {text(short_id(job.job_id))}</h1>",
        f"<p role=status>{text(said)}</p>" if said else "",
        _facts(
            [
                ("status", f"<span class={_style(job)}>{text(job.status.value)}</span>"),
                ("next", text(told.next)),
                ("kind", text(told.kind or "")),
                ("whose move", text({"you": "the operator"}.get(told.mover, told.mover))),
                ("advice", text(told.advice)),
                *(("to do", f"<span class=bad>{text(problem)}</span>") for problem in told.problems),
                ("type", f"<code>{text(told.command)}</code>" if told.command else ""),
            ]
        ),
        _actions(job, token),
        "<h2>What happened</h2>",
        _story(page),
        "<h2>Row</h2>",
        _facts(_columns(job)),
    ]
    return _document(f"{short_id(job.job_id)} · audioprep", "".join(parts))


def _story(page: JobPage) -> str:
    rows = [
        (f"{entry.at:%Y-%m-%d %H:%M:%S}", text(entry.what), _bad(entry.detail, bad=entry.bad)) for entry in page.story
    ]
    return _table(("time (UTC)", "what", "detail"), rows)


def message_page(sentence: str) -> str:
    return _document("audioprep", f"<p>{text(sentence)}</p><p><a href={PATH}>all jobs</a></p>")


def text(value: str) -> str:
    """Untrusted text as HTML: no markup, no control characters, not endless."""
    cut = value if len(value) <= _LONGEST else f"{value[:_LONGEST]}…"
    return html.escape(printable(cut, "\n"))


def _state(overview: Overview, now: datetime) -> list[tuple[str, str]]:
    service = overview.service
    slots = f"{service.in_flight} of {service.slots}" if service else "unknown"
    workers = "unknown" if overview.workers is None else ", ".join(overview.workers) or "none"
    unfinished = len(overview.unfinished)
    more = "or more" if overview.waiting >= MAX_WAITING else ""
    oldest = f", the oldest since {_age(overview.oldest, now)}" if overview.waiting else ""
    return [
        ("bridges", str(service.bridges) if service else "unknown"),
        ("workers", text(workers)),
        ("slots in use", slots),
        ("waiting", f"{overview.waiting} {more}{oldest}"),
        *(("paused", text(pause.sentence)) for pause in overview.pauses),
        ("not finished", f"{unfinished} or more" if unfinished >= MAX_UNFINISHED else str(unfinished)),
    ]


def _columns(job: Job) -> list[tuple[str, str]]:
    columns = {
        "jobId": job.job_id,
        "stage": job.stage or "",
        "progress": f"{job.progress:.0f} %",
        "retries": str(job.retry_count),
        "created": job.created_at,
        "updated": job.updated_at,
        "error": job.error or "",
    }
    plain = [(name, text(value)) for name, value in columns.items()]
    return [
        *plain,
        ("metadata", f"<pre>{text(job.metadata or '')}</pre>"),
        ("result", f"<pre>{text(job.result or '')}</pre>"),
    ]


def _actions(job: Job, token: str) -> str:
    if not settled(job) and job.status in (JobStatus.PENDING, JobStatus.PROCESSING):
        return _button("cancel", "Cancel", job, token)
    if job.status in (JobStatus.FAILED, JobStatus.CANCELLED) and settled(job):
        return _button("retry", "Retry as a new job", job, token)
    return ""


def _button(action: str, label: str, job: Job, token: str) -> str:
    return (
        f'<form method=post action="{_job_url(job.job_id)}"><input type=hidden name=token value="{token}">'
        f"<button name=action value={action}>{label}</button></form>"
    )


def _job_table(jobs: Iterable[Job], now: datetime) -> str:
    rows = [
        (
            f'<a href="{_job_url(job.job_id)}">{text(short_id(job.job_id))}</a>',
            text(job.type),
            f"<span class={_style(job)}>{text(job.status.value)}</span>",
            text(job.stage or ""),
            f"{job.progress:.0f} %" if job.progress else "",
            _age(job.created_at, now),
            text(job.error or ""),
        )
        for job in jobs
    ]
    return _table(("job", "type", "status", "stage", "done", "age", "error"), rows)


def _job_url(job_id: str) -> str:
    return f"{PATH}/job?id={quote(job_id, safe='')}"


def _style(job: Job) -> str:
    return job.status.value if job.status in set(JobStatus) else "bad"


def _bad(detail: str, *, bad: bool) -> str:
    return f"<span class=bad>{text(detail)}</span>" if bad else text(detail)


def _age(moment: str, now: datetime) -> str:
    try:
        seconds = max(int((now - from_text(moment)).total_seconds()), 0)
    except (ValueError, OverflowError):
        return "?"
    unit, size = next((each for each in _UNITS if seconds >= each[1]), _UNITS[-1])
    return f"{seconds // size} {unit}"


def _facts(facts: Iterable[tuple[str, str]]) -> str:
    return f"<dl>{''.join(f'<dt>{name}</dt><dd>{value}</dd>' for name, value in facts if value)}</dl>"


def _table(names: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Cells are HTML already."""
    if not rows:
        return "<p>None.</p>"
    head = "".join(f"<th>{name}</th>" for name in names)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return f"<div class=scroll><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"


def _document(title: str, body: str) -> str:
    return (
        "<!doctype html><html lang=en><meta charset=utf-8>"
        '<meta name=viewport content="width=device-width, initial-scale=1">'
        f"<title>{text(title)}</title><link rel=stylesheet href={PATH}/style.css><body>{body}</body></html>"
    )
