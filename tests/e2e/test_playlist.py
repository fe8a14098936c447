"""A list of recordings as one job: each entry its own asset, one that fails on its own, a cancel that reaches all."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest
from temporalio.client import Client, WorkflowExecutionStatus

from tests.support.audio import make_audio
from tests.support.deployment import Deployment
from tests.support.processes import Program
from tests.support.site import Site, open_site
from tests.support.waiting import eventually


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    folder = tmp_path / "site"
    make_audio(folder / "one.mp3", 3)
    make_audio(folder / "two.mp3", 5)
    make_audio(folder / "long.mp3", 60)
    async with open_site(folder) as site:
        yield site


@pytest.fixture
async def playlists(deployment: Deployment) -> Deployment:
    deployment.extra |= {"AUDIOPREP_ALLOW_PRIVATE_URLS": "1", "AUDIOPREP_YTDLP_HOSTS": "*"}
    deployment.extra["AUDIOPREP_ORPHANS_INTERVAL"] = "0.3"  # children have no row of their own, and are no orphans
    await deployment.migrate()
    await deployment.app.record_changes()
    return deployment


@pytest.mark.usefixtures("storage_place")
async def test_one_failed_entry_does_not_fail_the_rest(playlists: Deployment, site: Site) -> None:
    playlists.start("serve")
    feed = site.url("feed/file+one.mp3,status+404+gone.mp3,slow+two.mp3,file+one.mp3,file+long.mp3")

    job_id = await playlists.app.submit("playlist", {"url": feed, "maxEntries": 4})
    empty_id = await playlists.app.submit("playlist", {"url": site.url("page/nothing")})
    row = await playlists.app.finished(job_id, within=90)
    empty = await playlists.app.finished(empty_id)

    assert (row["status"], row["error"]) == ("complete", None)
    entries = json.loads(row["result"])["entries"]
    assert [entry["title"] for entry in entries] == [f"Episode {number}" for number in range(1, 5)]
    assert [entry["status"] for entry in entries] == ["complete", "failed", "complete", "complete"]
    assert entries[1]["error"] == "127.0.0.1 has no such file (HTTP 404)."
    assert entries[0]["url"] == site.url("file/one.mp3")
    assert [round(entries[index]["metadata"]["duration"]) for index in (0, 2, 3)] == [3, 5, 3]
    assert len({entry["assetId"] for entry in entries}) == 4
    for entry in (entries[0], entries[2], entries[3]):
        described = json.loads(playlists.place.get(f"assets/{entry['assetId']}/metadata.json"))
        assert described["audio"]["duration"] == entry["metadata"]["duration"]
        assert described["provenance"]["sourceUrl"] == entry["url"]
        assert entry["originalKey"] == f"assets/{entry['assetId']}/original.mp3"
    stages = [stage for _, stage in await playlists.app.path(job_id)]
    assert stages == [None, "queued", "expanding", "ingesting", "ingesting"]
    changes = await playlists.app.changes(job_id)
    bar = [change["progress"] for change in changes]
    assert bar == sorted(bar)
    assert len({change["progress"] for change in changes if change["stage"] == "ingesting"} - {100}) > 1, bar
    assert (empty["status"], empty["error"]) == ("failed", "The page has no recording that yt-dlp can find.")


@pytest.mark.timeout(300)
async def test_a_retry_fetches_only_what_failed(playlists: Deployment, site: Site) -> None:
    playlists.start("serve")
    feed = site.url("feed/file+one.mp3,appears+two.mp3")
    job_id = await playlists.app.submit("playlist", {"url": feed})
    first = json.loads((await playlists.app.finished(job_id, within=120))["result"])["entries"]
    visits = site.hits["/file/one.mp3"]
    site.released.set()

    asked = await playlists.command("retry", job_id, "--json")
    again = await playlists.app.finished(json.loads(asked.out)["jobId"], within=120)
    once_more = await playlists.command("retry", job_id)

    second = json.loads(again["result"])["entries"]
    assert [entry["status"] for entry in first] == ["complete", "failed"]
    assert [entry["status"] for entry in second] == ["complete", "complete"]
    assert second[0] == first[0] | {"contentType": None}
    assert site.hits["/file/one.mp3"] == visits
    assert once_more.code != 0


async def test_a_cancel_closes_every_child_before_it_is_acknowledged(
    playlists: Deployment, site: Site, temporal: Client
) -> None:
    worker = playlists.start("serve")
    job_id = await playlists.app.submit("playlist", {"url": site.url("feed/slow+long.mp3,slow+long.mp3,slow+two.mp3")})
    await eventually(lambda: _has_visitors(site), what="a child downloading")

    await playlists.app.cancel(job_id)
    await playlists.app.acknowledged(job_id)

    parent = await playlists.app.workflow_id(job_id)
    children = [f"{parent}/{number}" for number in (1, 2, 3)]
    for child in children:
        status = (await temporal.get_workflow_handle(child).describe()).status
        assert status is WorkflowExecutionStatus.CANCELED, child
    assert not _ytdlp_processes(worker)


async def _has_visitors(site: Site) -> bool:
    return site.hits["/slow/long.mp3"] >= 2


def _ytdlp_processes(worker: Program) -> list[list[str]]:
    commands = [child.cmdline() for child in psutil.Process(worker.pid).children(recursive=True)]
    return [command for command in commands if any("yt-dlp" in part for part in command)]
