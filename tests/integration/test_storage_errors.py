"""What storage says when it cannot: one sentence that names the cause, and never a secret."""

import asyncio
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from audioprep.activities.storage import s3
from audioprep.activities.storage.store import Storage
from audioprep.checks.storage import probe_storage
from audioprep.jobs.errors import ErrorKind, JobError, PermanentError, TransientError
from audioprep.jobs.keys import ContentType
from tests.support.processes import free_port
from tests.support.s3 import BUCKET, OWNER, READER, S3Server

WRONG = (OWNER[0], "not-the-secret")
STRANGER = ("stranger-key", "stranger-secret")


@pytest.fixture
def s3_env(s3_server: S3Server, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    use(monkeypatch, s3_server, OWNER)
    return monkeypatch


def use(monkeypatch: pytest.MonkeyPatch, server: S3Server, identity: tuple[str, str]) -> None:
    for name, value in server.env(identity).items():
        monkeypatch.setenv(name, value)


async def error_of(storage: Storage) -> JobError:
    with pytest.raises(JobError) as caught:
        await storage.write("uploads/x.json", b"{}", ContentType.JSON)
    _assert_a_sentence(caught.value.message)
    return caught.value


@pytest.mark.parametrize(
    ("identity", "says"),
    [
        (WRONG, "the credentials are not valid; check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"),
        (STRANGER, "the credentials are not valid; check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"),
        (READER, "these credentials may not do that; check the bucket's policy"),
    ],
)
async def test_refused_credentials_are_permanent_and_named(
    s3_env: pytest.MonkeyPatch, s3_server: S3Server, identity: tuple[str, str], says: str
) -> None:
    use(s3_env, s3_server, identity)

    error = await error_of(Storage.open(f"s3://{BUCKET}/x"))

    assert isinstance(error, PermanentError)
    assert error.kind is ErrorKind.REFUSED
    assert says in error.message


@pytest.mark.usefixtures("s3_env")
async def test_a_missing_bucket_is_not_taken_for_a_missing_object() -> None:
    with pytest.raises(PermanentError, match="The storage bucket does not exist") as caught:
        await Storage.open("s3://no-such-bucket/x").stat("uploads/x.mp3")

    _assert_a_sentence(caught.value.message)


async def test_a_server_that_is_away_may_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, S3Server(f"http://127.0.0.1:{free_port()}"), OWNER)

    error = await error_of(Storage.open(f"s3://{BUCKET}"))

    assert isinstance(error, TransientError)
    assert "the server cannot be reached" in error.message


async def test_a_frozen_server_holds_nobody_for_long(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(s3._CLIENT, "read_timeout", s3._CLIENT["connect_timeout"] / 10)  # type: ignore[operator]
    (tmp_path / "big").write_bytes(bytes(12 << 20))
    async with _silent_server() as server:
        use(monkeypatch, server, OWNER)
        storage = Storage.open(f"s3://{BUCKET}")
        began = time.monotonic()

        error = await error_of(storage)
        with pytest.raises(TransientError, match="did not answer in time"):
            await storage.upload(tmp_path / "big", "big")

    assert "the server did not answer in time" in error.message
    assert time.monotonic() - began < 15


async def test_a_download_from_a_frozen_server_times_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(s3._CLIENT, "read_timeout", s3._CLIENT["connect_timeout"] / 10)  # type: ignore[operator]
    fields = ("Content-Length: 9000000", 'ETag: "e"', "Last-Modified: Mon, 05 Jan 2026 10:00:00 GMT")
    head = "\r\n".join(("HTTP/1.1 200 OK", *fields, "", "")).encode()
    async with _silent_server(head) as server:
        use(monkeypatch, server, OWNER)
        storage = Storage.open(f"s3://{BUCKET}")
        found = await storage.stat("x")

        with pytest.raises(TransientError):
            await storage.download(found, tmp_path / "x", lambda _: None)

    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize("part", ["upload", "download"])
def test_a_full_disk_is_called_that(tmp_path: Path, part: str) -> None:
    script = tmp_path / "fill.py"
    script.write_text(_FILL)
    inside = f'mount -t tmpfs -o size=2m none "$1" && exec "{sys.executable}" "{script}" "$1" "$2" {part}'
    (tmp_path / "small").mkdir()
    argv = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", inside, "sh"]

    done = subprocess.run(
        [*argv, tmp_path / "small", tmp_path / "large"], capture_output=True, text=True, timeout=60, check=False
    )

    assert "the disk is full." in done.stdout, done.stderr
    assert "left over: []" in done.stdout


_FILL = """
import asyncio, os, sys
from pathlib import Path
from audioprep.activities.storage.store import Storage
from audioprep.jobs.errors import TransientError

small, large, part = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]

async def main():
    storage = Storage.open(f"file:{small if part == 'upload' else large}")
    source = large / "source"
    large.mkdir(exist_ok=True)
    source.write_bytes(bytes(8 << 20))
    try:
        if part == "upload":
            await storage.upload(source, "key")
        else:
            await storage.download(await storage.stat("source"), small / "copy", lambda _: None)
    except TransientError as error:
        print(error.message)
    print("left over:", sorted(path.name for path in small.iterdir()))

asyncio.run(main())
"""


async def test_a_name_too_long_for_the_disk_is_a_fault_of_the_key(tmp_path: Path) -> None:
    with pytest.raises(PermanentError, match="cannot be used in this storage") as caught:
        await Storage.open(f"file:{tmp_path}").write("漢" * 200, b"", ContentType.JSON)

    assert caught.value.kind is ErrorKind.INVALID_PAYLOAD


@pytest.mark.parametrize(
    ("url", "identity", "says"),
    [
        (f"s3://{BUCKET}/check", OWNER, None),
        (f"s3://{BUCKET}/check", WRONG, "the credentials are not valid"),
        (f"s3://{BUCKET}/check", READER, "may not do that"),
        ("s3://no-such-bucket", READER, "bucket does not exist"),
        ("file:/proc/nowhere", OWNER, "no such file or directory"),
        ("ftp://nowhere", OWNER, "expected file:PATH or s3://"),
    ],
)
async def test_check_says_what_is_wrong_with_storage(
    s3_env: pytest.MonkeyPatch, s3_server: S3Server, url: str, identity: tuple[str, str], says: str | None
) -> None:
    use(s3_env, s3_server, identity)
    if says is None:
        assert "can be read and written" in await probe_storage(url)
        return

    with pytest.raises((JobError, ValueError), match=says) as caught:
        await probe_storage(url)

    _assert_no_secret(str(caught.value))


@asynccontextmanager
async def _silent_server(answer: bytes = b"") -> AsyncIterator[S3Server]:
    """Takes connections, says `answer` at the most, and then nothing more."""
    held: list[asyncio.StreamWriter] = []

    async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        held.append(writer)
        if answer:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(answer)
            await writer.drain()

    server = await asyncio.start_server(hold, "127.0.0.1", 0)
    try:
        yield S3Server(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    finally:
        server.close()
        for writer in held:
            writer.close()


def _assert_a_sentence(text: str) -> None:
    assert text[0].isupper(), text
    assert text.endswith("."), text
    assert "\n" not in text, text
    assert len(text) < 250, text
    assert "://" not in text, text
    _assert_no_secret(text)


def _assert_no_secret(text: str) -> None:
    assert not any(secret in text for pair in (OWNER, READER, WRONG, STRANGER) for secret in pair), text
