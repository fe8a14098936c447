"""`submit`: put a job into the table, as a web app would."""

import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from audioprep.cli.console import EXIT_USAGE, fail, out, print_json, read_settings, run
from audioprep.cli.options import AsJson, Watch
from audioprep.cli.recipe_file import CoverFile, Outputs, RecipeFile, Tags, metadata_of, output_of, tag_of
from audioprep.cli.table import link_when_claimed, require_database
from audioprep.cli.target import targeted

if TYPE_CHECKING:
    from audioprep.settings import Settings

app = typer.Typer(help="Put a job into the table, as a web app would.", no_args_is_help=True)


@app.command()
@targeted
def ingest(
    source: Annotated[str, typer.Argument(help="A file, which is uploaded to storage first, or an http(s) URL.")],
    video: Annotated[bool, typer.Option("--video", help="The file is a video: its audio is taken.")] = False,
    youtube: Annotated[bool, typer.Option("--youtube", help="Fetch the URL with yt-dlp, as YouTube's are.")] = False,
    watch: Watch = False,
    as_json: AsJson = False,
) -> None:
    """Bring a recording in: analysed, drawn, described."""
    is_url = source.startswith(("http://", "https://"))
    if (video and is_url) or (youtube and not is_url):
        fail("--video goes with a file, --youtube with a URL.", EXIT_USAGE)
    if not is_url and not Path(source).is_file():
        what = f"{source} is a folder, not a file" if Path(source).is_dir() else f"There is no file {source}"
        fail(f"{what}; a URL must begin with http:// or https://.", EXIT_USAGE)
    settings = read_settings()
    job_id = str(uuid.uuid4())
    metadata = _remote(source, youtube) if is_url else _uploaded(settings, job_id, Path(source), video)
    submit_checked(settings, job_id, "ingest", metadata, watch=watch, as_json=as_json)


@app.command()
@targeted
def preview(recipe: RecipeFile, watch: Watch = False, as_json: AsJson = False) -> None:
    """Render a recipe to a quick MP3; the same recipe is rendered once."""
    submit_checked(read_settings(), str(uuid.uuid4()), "preview", metadata_of(recipe), watch=watch, as_json=as_json)


@app.command()
@targeted
def save(
    recipe: RecipeFile,
    output: Outputs = None,
    tag: Tags = None,
    cover: CoverFile = None,
    watch: Watch = False,
    as_json: AsJson = False,
) -> None:
    """Render a recipe to the asset's prepared files, WAV if it names none, normalised if it says so."""
    settings, job_id, metadata = read_settings(), str(uuid.uuid4()), metadata_of(recipe)
    if isinstance(metadata["recipe"], dict):
        changed = metadata["recipe"] = dict(metadata["recipe"])
        if output:
            changed["outputs"] = [output_of(text) for text in output]
            changed.pop("outputFormat", None)
            changed.pop("aacKbps", None)
        if tag:
            changed["tags"] = {**(changed.get("tags") or {}), **dict(map(tag_of, tag))}
        if cover:
            changed["cover"] = {"storageKey": _uploaded_cover(settings, job_id, cover)}
    submit_checked(settings, job_id, "save", metadata, watch=watch, as_json=as_json)


def _uploaded_cover(settings: "Settings", job_id: str, file: Path) -> str:
    if not file.is_file():
        fail(f"There is no file {file}.", EXIT_USAGE)
    key = f"uploads/{job_id}/{file.name}"
    run(_upload(settings, file, key))
    return key


def submit_checked(
    settings: "Settings", job_id: str, job_type: str, metadata: dict[str, Any], *, watch: bool, as_json: bool
) -> None:
    """Submit what a bridge will accept; what it would refuse ends the command with the same sentence."""
    import json

    from audioprep.jobs.errors import PermanentError
    from audioprep.jobs.registry import JOB_TYPES

    try:
        JOB_TYPES.find(job_type).parse(json.dumps(metadata))
    except PermanentError as error:
        fail(error.message, EXIT_USAGE)
    _submit(settings, job_id, job_type, metadata, watch=watch, as_json=as_json)


@app.command()
@targeted
def playlist(
    url: Annotated[str, typer.Argument(help="A URL that lists recordings: a channel, an album, a feed.")],
    max_entries: Annotated[int, typer.Option("--max", min=1, max=500, help="Entries taken, at most.")] = 50,
    watch: Watch = False,
    as_json: AsJson = False,
) -> None:
    """Bring in every recording that a URL lists."""
    if not url.startswith(("http://", "https://")):
        fail(f"{url} is not an http(s) URL.", EXIT_USAGE)
    metadata = {"url": url, "maxEntries": max_entries}
    submit_checked(read_settings(), str(uuid.uuid4()), "playlist", metadata, watch=watch, as_json=as_json)


@app.command()
@targeted
def delete(
    assets: Annotated[list[str], typer.Argument(metavar="ASSET...", help="Asset ids, at most 100.")],
    watch: Watch = False,
    as_json: AsJson = False,
) -> None:
    """Delete assets: the original and all that was made of it."""
    metadata = {"assetIds": assets}
    submit_checked(read_settings(), str(uuid.uuid4()), "delete", metadata, watch=watch, as_json=as_json)


def _remote(url: str, youtube: bool) -> dict[str, Any]:
    from audioprep.jobs.text.urls import is_youtube

    return {"sourceType": "youtube" if youtube or is_youtube(url) else "url", "url": url}


def _uploaded(settings: "Settings", job_id: str, file: Path, video: bool) -> dict[str, Any]:
    key = f"uploads/{job_id}/{file.name}"
    run(_upload(settings, file, key))
    source_type = "video_file" if video else "audio_file"
    return {"sourceType": source_type, "storageKey": key, "originalFilename": file.name}


def _submit(
    settings: "Settings", job_id: str, job_type: str, metadata: dict[str, Any], *, watch: bool, as_json: bool
) -> None:
    link = run(_insert(settings, job_id, job_type, metadata))
    announce(settings, job_id, link, watch=watch, as_json=as_json)


def announce(settings: "Settings", job_id: str, link: str, *, watch: bool, as_json: bool) -> None:
    """Print the id of a job that was put into the table, or follow it to its end.

    `link` is the page that it will have in Temporal's UI, empty if that is not known.
    """
    from audioprep.cli.commands.watch import watch_jobs

    if watch:
        watch_jobs(settings, [job_id], as_json=as_json)
    elif as_json:
        print_json({"jobId": job_id})
    else:
        lines = [f"job {job_id}", f"follow it with: audioprep watch {job_id}"]
        lines += [f"its workflow, once a bridge has claimed it: {link}"] if link else []
        out.print("\n".join(lines), markup=False, highlight=False, soft_wrap=True)


async def _upload(settings: "Settings", file: Path, key: str) -> None:
    from audioprep.activities.storage.store import Storage
    from audioprep.jobs.keys import checked

    await Storage.open(settings.storage.storage_url).upload(file, checked(key))


async def _insert(settings: "Settings", job_id: str, job_type: str, metadata: dict[str, Any]) -> str:
    """The page that the job will have in Temporal's UI; empty if a bridge has yet to give the table its identity."""
    from audioprep.bridge.database.database import open_database
    from audioprep.bridge.store.identity import read_identity
    from audioprep.bridge.store.store import JobStore
    from audioprep.jobs.job import NewJob
    from audioprep.jobs.timestamps import utc_now

    require_database(settings, may_be_made=True)
    async with open_database(settings.database.database_url, settings.database.token) as database:
        store = JobStore(database)
        await store.migrate()
        await store.insert(NewJob(job_id, job_type, metadata, utc_now()))
        identity = await read_identity(database, settings.database.database_url)
    return link_when_claimed(settings, job_id, identity.table_id) if identity else ""
