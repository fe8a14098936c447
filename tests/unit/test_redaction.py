"""No secret gets into a row, a log, a history or the answer of `check`."""

import json
import logging

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from audioprep.jobs.errors import ErrorKind, PermanentError
from audioprep.jobs.request import JobRequest
from audioprep.jobs.text.details import summary_of
from audioprep.jobs.text.redaction import CUT, MAX_SCRUBBED, MAX_SENTENCE, scrub, sentence_of
from audioprep.jobs.types.ingest import IngestPayload
from audioprep.jobs.types.playlist import PlaylistPayload
from audioprep.settings import Settings
from audioprep.settings.service import LogSettings
from audioprep.telemetry.logs import configure_logging

SECRET = "hunter2hunter2"  # noqa: S105 - made up
TEXTS = [
    f"GET https://user:{SECRET}@host/a failed",
    f"GET https://user:a@b:{SECRET}@host/a failed",
    f"GET https://{SECRET}@host/a failed",
    f"libsql://u:{SECRET}@db.turso.io",
    f"https://host/a?X-Amz-Signature={SECRET}&b=1",
    f"(https://host/a?b=1&sig={SECRET})",
    f"https://host/a#access_token={SECRET}",
    f"s3://bucket/a?versionId={SECRET}",
    f"Authorization: Bearer {SECRET}",
    f"authorization={SECRET} and more",
    f"bearer {SECRET}",
    f"Cookie: a=b; session={SECRET}",
    f"'Set-Cookie': 'session={SECRET}; HttpOnly'",
    f"TURSO_AUTH_TOKEN={SECRET}",
    f"aws_secret_access_key = {SECRET}",
    f'{{"password": "{SECRET}"}}',
    f"{{'apiKey': '{SECRET}'}}",
    f"authToken: {SECRET}",
    f"?token={SECRET}&x=1",
    f"eyJhbGciOiJIUzI1NiJ9.{SECRET}.{SECRET}",
    f"x-eyJhbGciOiJIUzI1NiJ9.{SECRET}.x",
    f"The database at bob:{SECRET}@db.internal:8080 cannot be reached",
    f"//bob:{SECRET}@host/a",
    f"https://it's:{SECRET}@host/",
    f"#access_token={SECRET}&state=1",
    f"feed?auth={SECRET}",
    f"feed?a&sig={SECRET}",
    f"https://host/a?b=(1)&sig={SECRET}",
    f"https://host/a?b='{SECRET}",
    f"a?filter%5Bx%5D={SECRET}",
    f"next=https%3A%2F%2Fbob%3A{SECRET}%40host%2Fa",
    f"https%253A%252F%252Fhost%252Fa%253Fsig%253D{SECRET}",
    f"token%3D{SECRET} token%253D{SECRET}",
    f'{{\\"token\\": \\"{SECRET}\\"}}',
    f'"secret": "a\\"{SECRET}"',
    f'password="a, {SECRET}"',
    f"X-Api-Key: {SECRET}",
    f"X-Auth: {SECRET}",
    f"X-Amz-Security-Token: {SECRET}",
    f"Proxy-Authorization: Digest username=x, response={SECRET}",
    f"session_cookie={SECRET}",
    f"PHPSESSID={SECRET}",
    f"{'a' * 100}token{'a' * 100}={SECRET}",
]
PLAIN = [
    "The file is empty: it has no sound in it.",
    "There is no object 'uploads/a.mp3' in storage.",
    "The site gives the recording only to users who are logged in.",
    "youtube.com/watch is not a URL",
    "https://example.com/a.mp3 is 12:30 long",
    "The tokens of a language, its secrets and its cookies.",
    "The URL carries a user name or password, which is never used: give one without.",
    "HTTP 404 of host:8080, asked at 12:30 by bob@example.com",
    "[mov,mp4 @ 0x55d0] youtube.com/@channel, the author: John, uploads/a#1.mp3",
    "Why? because it is (see https://example.com/a).",
]


@pytest.mark.parametrize("text", TEXTS)
def test_what_is_secret_is_taken_out(text: str) -> None:
    assert SECRET not in scrub(text)
    assert SECRET not in sentence_of(text)
    assert SECRET not in PermanentError(ErrorKind.REFUSED, text).message


@pytest.mark.parametrize("text", PLAIN)
def test_what_is_not_stays(text: str) -> None:
    assert scrub(text) == text


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("limit", [MAX_SCRUBBED, 4 * MAX_SENTENCE])
def test_a_cut_leaves_no_half_of_a_secret(text: str, limit: int) -> None:
    half = text.index(SECRET) + len(SECRET) // 2
    said = scrub if limit == MAX_SCRUBBED else sentence_of

    assert SECRET[:7] not in said(f"{'x' * (limit - half - 1)} {text} and more")[-100:]


def test_long_text_is_cut_with_a_mark() -> None:
    said = scrub("word " * MAX_SCRUBBED)

    assert said.endswith("...(cut)")
    assert len(said) <= MAX_SCRUBBED + len(CUT)


def test_a_key_of_aws_is_known_by_its_form() -> None:
    assert scrub("used AKIAIOSFODNN7EXAMPLE here") == "used ... here"


@given(st.text())
def test_a_sentence_is_one_short_printable_line(text: str) -> None:
    said = sentence_of(text)

    assert said.isprintable()
    assert len(said) <= MAX_SENTENCE


@pytest.mark.parametrize("form", ["console", "json"])
def test_no_log_line_tells_a_secret(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(LogSettings(log_format=form, log_level="debug"))
    log = structlog.get_logger("audioprep.test")
    token = f"Bearer {SECRET}"

    log.info("plain", url=f"https://u:{SECRET}@host/?q={SECRET}", headers=json.dumps({"Authorization": token}))
    log.info("nested", request={"urls": [f"https://host/?q={SECRET}"]}, error=ValueError(token))
    logging.getLogger("aiohttp").warning("GET %s", f"https://host/?q={SECRET}")
    try:
        _fail(token)
    except ValueError:
        log.exception("failed")
        logging.getLogger("temporalio").exception("failed too")

    said = capsys.readouterr().err
    assert said.count("failed") >= 2
    assert "ValueError" in said
    assert SECRET not in said


def test_settings_are_shown_without_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TURSO_DATABASE_URL", f"libsql://u:{SECRET}@db.example?authToken={SECRET}")
    monkeypatch.setenv("TURSO_AUTH_TOKEN", SECRET)
    monkeypatch.setenv("AUDIOPREP_WAKE_SECRET", SECRET)
    monkeypatch.setenv("AUDIOPREP_STORAGE_URL", f"s3://key:{SECRET}@bucket/prefix?token={SECRET}")

    shown = Settings().shown()

    assert shown["TURSO_DATABASE_URL"].startswith("libsql://db.example")
    assert SECRET not in str(shown)


SUMMARIES: dict[str, tuple[IngestPayload | PlaylistPayload, str]] = {
    "a signed URL": (IngestPayload(source_type="url", url=f"https://b.example/a.mp3?sig={SECRET}"), "url · a.mp3"),
    "a password": (IngestPayload(source_type="url", url=f"https://bob:{SECRET}@b.example"), "url · b.example"),
    "a fragment": (IngestPayload(source_type="url", url=f"https://b.example/f#access_token={SECRET}"), "url · f"),
    "a feed's key": (PlaylistPayload(url=f"https://b.example/private/feed?auth={SECRET}"), "feed"),
    "a share token": (IngestPayload(source_type="youtube", url=f"https://youtu.be/x-1?si={SECRET}"), "youtube · x-1"),
    "beside a video id": (
        IngestPayload(source_type="youtube", url=f"https://www.youtube.com/watch?si={SECRET}&v=dQw4w9WgXcQ"),
        "youtube · dQw4w9WgXcQ",
    ),
    "a list's id": (PlaylistPayload(url="https://www.youtube.com/playlist?list=PL0-a_1"), "PL0-a_1"),
}


@pytest.mark.parametrize(("payload", "summary"), SUMMARIES.values(), ids=SUMMARIES)
def test_a_summary_holds_no_secret(payload: IngestPayload | PlaylistPayload, summary: str) -> None:
    assert payload.summary == summary
    assert summary_of(payload.summary) == summary
    assert SECRET not in str(payload.facts(JobRequest(job_id="j1", type="any", payload=None)))


def _fail(password: str) -> None:
    raise ValueError(f"rejected: {password}")
