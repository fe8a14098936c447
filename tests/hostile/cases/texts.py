"""Text that is shown: redaction that must end, terminals that must not obey, Markdown that must not become links."""

import asyncio
import json
from collections.abc import Iterator

from markdown_it import MarkdownIt

from audioprep.bridge.database.database import open_database
from audioprep.bridge.store.store import JobStore
from audioprep.jobs.registry import JOB_TYPES
from audioprep.jobs.request import JobRequest
from audioprep.jobs.text.details import details_of, summary_of
from audioprep.jobs.text.redaction import scrub, sentence_of
from tests.hostile.case import Arena, Attack, Case, Expect
from tests.support.linear import MOST, cpu_seconds
from tests.support.terminal import HOSTILE, run_in_terminal, steering

PUMPED = ("token-", "eyJ-", "://", "a.", "?a", "%3a%2f%2f", "cookie ", "password", 'token="', "a:b@")
MARKDOWN = {
    "a link": "[log in](http://evil.example/)",
    "an image": "![i](http://evil.example/p.png)",
    "HTML": "<img src=http://evil.example/> <a href=http://evil.example>log in</a>",
    "a bare URL": "http://evil.example www.evil.example",
    "a heading": "\n# big\n\n| a |\n|---|\n| [b](http://evil.example) |",
    "closed code": "`` ` [b](http://evil.example)",
}
ROWS = {  # metadata by job id and type
    ("id-1", "ingest"): json.dumps({"originalFilename": HOSTILE}),
    ("id-2", "ingest"): json.dumps(HOSTILE),
    ("id-3", HOSTILE): HOSTILE,
    (HOSTILE, "ingest"): "{}",
}
COMMANDS = {
    "a list": ("jobs",),
    "a list for programs": ("jobs", "--json"),
    "many rows watched": ("watch", *(job_id for job_id, _ in ROWS)),
    "one row watched": ("watch", "id-1"),
    "a row with a hostile id": ("show", HOSTILE),
    "a row with a hostile type": ("show", "id-3"),
}
INSERT = (
    "INSERT INTO audio_prep_jobs (jobId, type, status, stage, metadata, result, error, createdAt, updatedAt)"
    " VALUES (?, ?, 'complete', ?, ?, ?, ?, ?, '2026-01-31T12:00:00.000Z')"
)


def cases() -> Iterator[Case]:
    for unit in PUMPED:
        yield Case("redaction", f"{unit} without end", Expect.RIGHT, _redacting(unit))
    for name, text in MARKDOWN.items():
        yield Case("Markdown", name, Expect.RIGHT, _rendering(text))
    for name, command in COMMANDS.items():
        yield Case("terminal", name, Expect.RIGHT, _printing(command))


def _redacting(unit: str) -> Attack:
    async def attack(_: Arena) -> str:
        for text in (unit * 700, unit * 1_000_000):
            for function in (scrub, sentence_of):
                spent = cpu_seconds(function, text)
                if spent > MOST:
                    raise RuntimeError(f"{spent:.1f} s for {len(text)} characters")
        return "bounded"

    return attack


def _rendering(text: str) -> Attack:
    """Two places where Temporal's UI renders Markdown: the summary and the details of a job."""

    async def attack(_: Arena) -> str:
        metadata = {"sourceType": "audio_file", "storageKey": text, "originalFilename": text}
        payload = JOB_TYPES.find("ingest").payload.model_validate(metadata)  # type: ignore[attr-defined]
        request = JobRequest(job_id=text, type="ingest", payload=payload)
        for markdown in (summary_of("ingest", payload.summary), details_of(request)):
            rendered = MarkdownIt("commonmark").enable("table").render(markdown)
            found = [tag for tag in ("<a ", "<img", "<h1", "<table") if tag in rendered]
            if found:
                raise RuntimeError(f"{found} in {rendered}")
        return "plain text"

    return attack


def _printing(command: tuple[str, ...]) -> Attack:
    async def attack(arena: Arena) -> str:
        url = f"file:{arena.folder / 'jobs.db'}"
        async with open_database(url) as database:
            await JobStore(database).migrate()
            for (job_id, job_type), metadata in ROWS.items():
                words = [HOSTILE, metadata, json.dumps({"name": HOSTILE}), HOSTILE, HOSTILE]
                await database.execute(INSERT, [job_id, job_type, *words])
        env = {"TURSO_DATABASE_URL": url, "AUDIOPREP_STORAGE_URL": f"file:{arena.folder / 'storage'}"}
        written = await asyncio.to_thread(run_in_terminal, arena.folder, env, *command)
        if steering(written) or "evil" not in written or "Traceback" in written:
            raise RuntimeError(f"{steering(written)} in {written[-300:]!a}")
        return "printed as text"

    return attack
