"""What an operator keeps secret (exits, cookies, tokens, webhooks) is in no command line, log, row or history."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from temporalio.client import Client

from tests.support.audio import make_audio
from tests.support.deployment import Deployment
from tests.support.exitproxy import PASSWORD, ExitProxy, open_exit
from tests.support.receiver import SECRET as WEBHOOK_SECRET
from tests.support.receiver import WebhookReceiver, open_receiver
from tests.support.site import open_site
from tests.support.waiting import eventually
from tests.support.youtube import URL, MadeYouTube
from tests.support.ytdlp_in_worker import give_worker

COOKIE = "cookie-value-of-the-account"
TOKEN = "po-token-of-the-operator"  # noqa: S105 - of a test
WEBHOOK_TOKEN = "confidential"  # noqa: S105 - in the receiver's URL
INGEST = {"sourceType": "youtube", "url": URL}
MISSING = {"sourceType": "audio_file", "storageKey": "uploads/none.mp3"}


def settings(folder: Path, exit_proxy: ExitProxy, receiver: WebhookReceiver) -> dict[str, str]:
    cookies = folder / "cookies.txt"
    line = "\t".join([".youtube.com", "TRUE", "/", "TRUE", "2000000000", "SID", COOKIE])
    cookies.write_text(f"# Netscape HTTP Cookie File\n{line}\n")
    return receiver.env | {
        "AUDIOPREP_YTDLP_PROXY": exit_proxy.url,
        "AUDIOPREP_YTDLP_PROXY_HOSTS": "youtube.com,127.0.0.1",
        "AUDIOPREP_YTDLP_COOKIES": str(cookies),
        "AUDIOPREP_YTDLP_COOKIES_WHEN": "always",
        "AUDIOPREP_YTDLP_EXTRACTOR_ARGS": f"youtube:po_token=web.gvs+{TOKEN}",
        "AUDIOPREP_SITE_PAUSE": "0",
    }


@asynccontextmanager
async def command_lines() -> AsyncIterator[set[bytes]]:
    """Of every process that runs while the block does, as every user of the machine reads them."""
    lines: set[bytes] = set()

    async def read() -> None:
        while True:
            for file in Path("/proc").glob("[0-9]*/cmdline"):
                with suppress(OSError):
                    lines.add(file.read_bytes())
            await asyncio.sleep(0.05)

    reading = asyncio.create_task(read())
    try:
        yield lines
    finally:
        reading.cancel()


async def play(deployment: Deployment, youtube: MadeYouTube, receiver: WebhookReceiver) -> list[str]:
    """A recording, a bot check, a failure without a site; each with its webhook."""
    youtube.formats = [youtube.sound(140, "tone.m4a")]
    youtube.answers()
    jobs = [await deployment.app.submit("ingest", INGEST)]
    ends = [await deployment.app.finished(jobs[0])]
    youtube.formats = []
    youtube.answers("LOGIN_REQUIRED", "Sign in to confirm you\u2019re not a bot")
    jobs += [await deployment.app.submit("ingest", metadata) for metadata in (INGEST, MISSING)]
    ends += [await deployment.app.finished(job_id) for job_id in jobs[1:]]
    assert [row["status"] for row in ends] == ["complete", "failed", "failed"], ends
    assert '"BotCheck"' in ends[1]["result"]

    async def delivered() -> bool:
        return all(receiver.of_job(job_id) for job_id in jobs)

    await eventually(delivered, within=60, what="three webhooks")
    return jobs


async def kept_rows(deployment: Deployment) -> str:
    tables = await deployment.app.sql("SELECT name FROM sqlite_master WHERE type = 'table'")
    return str([await deployment.app.sql(f"SELECT * FROM {table['name']}") for table in tables])


async def kept_histories(temporal: Client, task_queue: str) -> list[bytes]:
    """Everything that Temporal has of the deployment, whose payloads are not encrypted: they are read as they are."""
    query = f"TaskQueue = '{task_queue}' OR TaskQueue = '{task_queue}-downloads'"

    async def found() -> list[bytes] | None:
        described = [each async for each in temporal.list_workflows(query)]
        if len(described) < 6:  # three jobs, three deliveries: visibility lags behind
            return None
        kept = [str(await each.memo()).encode() for each in described]
        for each in described:
            handle = temporal.get_workflow_handle(each.id, run_id=each.run_id)
            kept += [event.SerializeToString() for event in (await handle.fetch_history()).events]
        return kept

    return await eventually(found, within=60, what="six workflows")


async def test_nothing_secret_can_be_read(deployment: Deployment, temporal: Client, tmp_path: Path) -> None:
    make_audio(tmp_path / "site/tone.m4a", 3)
    async with open_site(tmp_path / "site") as site, open_exit() as exit_proxy, open_receiver() as receiver:
        youtube = give_worker(deployment, site.port)
        deployment.extra |= settings(tmp_path, exit_proxy, receiver)
        await deployment.migrate()
        async with command_lines() as lines:
            deployment.start("serve")
            await play(deployment, youtube, receiver)
        histories = await kept_histories(temporal, deployment.task_queue)

    rows, logs = await kept_rows(deployment), deployment.programs[0].said()
    secrets = {PASSWORD, COOKIE, TOKEN, WEBHOOK_TOKEN, WEBHOOK_SECRET.removeprefix("whsec_"), *exit_proxy.users}
    assert exit_proxy.tunnels, "the recording left by the exit"
    assert "ytdlp_said" in logs
    assert any(b"yt-dlp" in line for line in lines), "the runs were seen"
    assert URL in rows
    assert any(URL.encode() in event for event in histories), "payloads can be read"
    for secret in secrets:
        assert not any(secret.encode() in line for line in lines), f"{secret} in a command line"
        assert secret not in logs, f"{secret} in the log"
        assert secret not in rows, f"{secret} in a row"
        assert not any(secret.encode() in event for event in histories), f"{secret} in a history"
