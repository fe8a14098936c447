"""What commands print and what logs hold reaches no terminal as anything but text."""

import io
import json
import logging
from typing import Any

import pytest
import structlog
from rich.markup import escape
from rich.progress import Progress, TextColumn
from rich.table import Table

from audioprep.cli import completion
from audioprep.cli.console import SafeConsole, fail, print_json
from audioprep.jobs.job import Job
from audioprep.jobs.status import JobStatus
from audioprep.settings.service import LogSettings
from audioprep.telemetry.logs import configure_logging
from tests.support.terminal import HOSTILE, steering


def printed(**options: Any) -> tuple[SafeConsole, io.StringIO]:
    written = io.StringIO()
    return SafeConsole(file=written, width=200, color_system="truecolor", force_terminal=True, **options), written


def in_a_table(console: SafeConsole) -> None:
    table = Table("name", title=HOSTILE)
    table.add_row(escape(HOSTILE), style="red")
    console.print(table)


def in_a_bar(console: SafeConsole) -> None:
    with Progress(TextColumn("{task.description}"), console=console) as progress:
        progress.update(progress.add_task(escape(HOSTILE)), advance=50)
        progress.console.print(HOSTILE, markup=False)


WAYS = {
    "a line": lambda console: console.print(HOSTILE, markup=False, soft_wrap=True),
    "a styled line": lambda console: console.print(f"[bold]{escape(HOSTILE)}[/]", style="red"),
    "JSON": lambda console: console.print_json(data={HOSTILE: [HOSTILE]}),
    "a rule": lambda console: console.rule(HOSTILE),
    "an object": lambda console: console.print([HOSTILE.encode(), {"a": HOSTILE}]),
    "a table": in_a_table,
    "a bar": in_a_bar,
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_nothing_printed_steers_the_terminal(way: Any) -> None:
    console, written = printed()

    way(console)

    assert "evil" in written.getvalue()
    assert steering(written.getvalue()) == []


def test_colours_and_lines_stay() -> None:
    console, written = printed()

    console.print("[red]a[/]\nb 日本語 🎵")

    assert "\x1b[31ma\x1b[0m\nb 日本語 🎵\n" in written.getvalue()


def test_json_for_programs_is_the_value_in_plain_characters(capsys: pytest.CaptureFixture[str]) -> None:
    value = {"name": HOSTILE + "\ud800 é 🎵\n", "rows": [1, None]}

    print_json(value)
    written = capsys.readouterr().out

    assert json.loads(written) == value
    assert steering(written) == []
    assert "é 🎵" in written


def test_a_failure_is_plain_text(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(Exception, match="1"):
        fail(f"There is no job {HOSTILE}.")

    assert steering(capsys.readouterr().err) == []


@pytest.mark.parametrize("form", ["console", "json"])
def test_no_log_line_steers_the_terminal(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(LogSettings(log_format=form))
    log = structlog.get_logger("audioprep.test")

    log.info("plain", job_id=HOSTILE, type=HOSTILE, nested={"a": [HOSTILE]})
    logging.getLogger("aiohttp").warning("GET %s", HOSTILE)
    try:
        fall_over(f"{HOSTILE}\n2026-01-31T12:00:00Z [error] forged")
    except ValueError:
        log.exception("failed")

    written = capsys.readouterr().err
    assert "evil" in written
    assert steering(written) == []
    assert [line for line in written.splitlines() if line.startswith("2026-01-31T12")] == []


def test_completion_offers_only_what_a_shell_cannot_run(monkeypatch: pytest.MonkeyPatch) -> None:
    hostile = ["$(id)", "`id`", "a b", "a;b", "-rf", "a\nb", "a'b", "é", "\x1b[31m", "", "a:b", "x" * 300]

    async def newest() -> list[Job]:
        return [row(job_id) for job_id in [*hostile, "3f2c-a_b.c", "Job1"]]

    monkeypatch.setattr(completion, "_newest", newest)

    offered = completion.newest_ids("")

    assert [job_id for job_id, _ in offered] == ["3f2c-a_b.c", "Job1"]
    assert all(set("$`'\"\\;:\x1b").isdisjoint(text) for _, text in offered)


def fall_over(why: str) -> None:
    raise ValueError(why)


def row(job_id: str) -> Job:
    return Job(
        job_id=job_id,
        type="$(id) `id`",
        status=JobStatus.PENDING,
        stage=None,
        progress=0.0,
        metadata="{}",
        result=None,
        error=None,
        retry_count=0,
        created_at="2026'; id",
        updated_at="",
    )
