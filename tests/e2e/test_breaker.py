"""A site refuses a whole deployment: the source is paused, one row at a time tries, and success frees the others."""

import json
from pathlib import Path

from tests.support.audio import make_audio
from tests.support.deployment import Deployment, Ended
from tests.support.site import open_site
from tests.support.waiting import eventually
from tests.support.youtube import URL
from tests.support.ytdlp_in_worker import give_worker

INGEST = {"sourceType": "youtube", "url": URL}
SETTINGS = {
    "AUDIOPREP_BREAKER_REFUSALS": "2",
    "AUDIOPREP_BREAKER_PAUSE": "3",
    "AUDIOPREP_BREAKER_MAX_PAUSE": "6",
    "AUDIOPREP_SITE_PAUSE": "0",
}


async def test_a_source_that_refuses_is_paused_and_tried(deployment: Deployment, tmp_path: Path) -> None:
    make_audio(tmp_path / "site/tone.m4a", 3)
    async with open_site(tmp_path / "site") as site:
        youtube = give_worker(deployment, site.port)
        youtube.answers("LOGIN_REQUIRED", "Sign in to confirm you\u2019re not a bot")
        deployment.extra |= SETTINGS
        await deployment.migrate()
        bridges = [deployment.start("bridge"), deployment.start("bridge")]
        deployment.start("worker")
        refused = [await deployment.app.finished(await deployment.app.submit("ingest", INGEST)) for _ in range(2)]

        async def is_paused() -> Ended | None:
            said = await deployment.command("paused", "--json")
            return said if json.loads(said.out) else None

        paused = await eventually(is_paused, what="a pause", within=60)
        waiting = [await deployment.app.submit("ingest", INGEST) for _ in range(4)]
        tried = await deployment.app.finished(waiting[0])
        left = [await deployment.app.row(job_id) for job_id in waiting[1:]]
        whole = await deployment.command("doctor")
        youtube.formats = [youtube.sound(140, "tone.m4a")]
        youtube.answers()
        ended = [await deployment.app.finished(job_id) for job_id in waiting[1:]]
        nothing = await deployment.command("paused", "--json")

    said = "".join(bridge.said() for bridge in bridges)
    assert [json.loads(row["result"])["error"]["kind"] for row in (*refused, tried)] == ["BotCheck"] * 3
    assert [(each["scope"], each["madeBy"]) for each in json.loads(paused.out)] == [
        ("source:youtube", "bridge (automatic)")
    ]
    assert [row["status"] for row in left] == ["pending"] * 3
    assert "source:youtube paused until" in whole.out, whole
    assert ended[-1]["status"] == "complete", ended
    assert json.loads(nothing.out) == []
    assert said.count('"source_resumed"') == 1
    assert said.count('"again": false') == 1
