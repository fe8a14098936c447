"""A database and a storage folder for each tenant: equal ids and keys, and nothing of one is with the other."""

import json
from pathlib import Path

import pytest

from tests.support.activities import clip_of, recipe_of
from tests.support.audio import make_audio
from tests.support.deployment import Deployment
from tests.support.namespaces import Namespaces, namespaces
from tests.support.waiting import eventually
from tests.support.webapp import Row, WebApp

UPLOAD = {"sourceType": "audio_file", "storageKey": "uploads/tone.flac"}


@pytest.mark.timeout(180)
async def test_files_stay_in_their_database_s_folder(deployment: Deployment, tmp_path: Path) -> None:
    folder = tmp_path / "servers"
    folder.mkdir()
    async with namespaces(folder) as databases:
        await databases.create(["a", "b"])
        _deploy(deployment, databases, tmp_path)
        for name, rate in (("a", 22050), ("b", 44100)):
            audio = make_audio(tmp_path / f"{name}.flac", 3, "-ar", str(rate))
            deployment.upload(audio, f"tenants/{name}/uploads/tone.flac")
        deployment.start("serve")
        apps = {name: WebApp(databases.url(name)) for name in "ab"}
        ingests = {name: await _finished(deployment, app, name, "ingest", UPLOAD) for name, app in apps.items()}
        found = {name: json.loads(row["result"]) for name, row in ingests.items()}
        saves = {}
        for name, app in apps.items():
            recipe = recipe_of(clip_of(found[name]["assetId"], 0, 2), normalize=True) | {
                "assetId": found[name]["assetId"]
            }
            saves[name] = await _finished(deployment, app, name, "save", {"recipe": recipe})
            preview = {"recipe": recipe, "recipeHash": "same"}
            saves[f"{name} preview"] = await _finished(deployment, app, name, "preview", preview)
        listed = await deployment.command("jobs", "--database", "b", "--json")
        shown = await deployment.command("show", "--database", "a", "ingest")
        unknown = await deployment.command("jobs", "--database", "c")

    assert {row["status"] for row in (*ingests.values(), *saves.values())} == {"complete"}, (ingests, saves)
    assert [found[name]["metadata"]["sampleRate"] for name in "ab"] == [22050, 44100]
    for key in deployment.place.stored():
        tenant, asset = key.split("/")[1], key.split("/")[3] if "/assets/" in key else None
        assert key.startswith(("tenants/a/", "tenants/b/")), key
        assert asset in (None, found[tenant]["assetId"]), key
    assert {job["jobId"] for job in json.loads(listed.out)} == {"ingest", "save", "preview"}
    assert "tenants/a/assets" in shown.out
    assert (unknown.code, "no database c" in unknown.err) == (2, True)


def _deploy(deployment: Deployment, databases: Namespaces, folder: Path) -> None:
    lines = [f"{databases.url(name)} name={name} prefix=tenants/{name}" for name in "ab"]
    (folder / "databases.txt").write_text("\n".join(lines))
    deployment.extra |= {"AUDIOPREP_DATABASES": str(folder / "databases.txt"), "AUDIOPREP_IDLE_MAX": "0.5"}


async def _finished(deployment: Deployment, app: WebApp, name: str, job_type: str, metadata: object) -> Row:
    """The same job id in both databases."""
    await _until_made(app)
    return await app.finished(await app.submit(job_type, metadata, job_id=job_type), within=60)


async def _until_made(app: WebApp) -> None:
    async def made() -> bool:
        return bool(await app.sql("SELECT name FROM sqlite_master WHERE name = 'idx_jobs_unique'"))

    await eventually(made, within=30, what="the bridge makes the table at first sight")
