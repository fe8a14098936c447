"""Makes every picture under docs/images/ anew: a real job in a real terminal, and the real Temporal UI in a browser."""

import asyncio
import os
import tempfile
import uuid
from pathlib import Path

from rich.text import Text
from temporalio.client import Client

from audioprep.demo.recording import make_recording
from tests.pictures import terminal
from tests.support import processes
from tests.support.activities import clip_of, recipe_of
from tests.support.audio import make_audio
from tests.support.browser import open_browser
from tests.support.deployment import Deployment
from tests.support.fake_programs import slow_ffmpeg
from tests.support.site import open_site
from tests.support.storage import local_place
from tests.support.ui import metadata_page, timeline_page

FOLDER = processes.ROOT / "docs" / "images"


async def main(folder: Path) -> None:
    """Start servers of our own in `folder`, take every picture, stop."""
    database, database_url = processes.sqld(folder)
    temporal, address, ui_url = processes.temporal(folder)
    with processes.running(database), processes.running(temporal):
        processes.wait_for_http(f"{database_url}/health", database)
        processes.wait_for_http(ui_url, temporal)
        deployment = Deployment(folder, database_url, address, local_place(folder / "storage"))
        deployment.task_queue = "audioprep"
        deployment.extra |= {"AUDIOPREP_ALLOW_PRIVATE_URLS": "1", "PATH": slow_ffmpeg(folder / "bin", speed=40)}
        await deployment.migrate()
        deployment.start("serve")
        try:
            await _terminal(deployment)
            await _pages(deployment, await Client.connect(address), ui_url)
        finally:
            deployment.stop()
    for path in sorted(FOLDER.iterdir()):
        print(f"{path.stat().st_size:>9,} bytes  {path.relative_to(processes.ROOT)}")


async def _terminal(deployment: Deployment) -> None:
    make_recording(deployment.folder / "recording.wav")
    env = deployment.env
    typed = ["submit", "ingest", "recording.wav", "--watch"]
    frames = await asyncio.to_thread(terminal.run, typed, deployment.folder, env)
    (row,) = await deployment.app.sql("SELECT jobId FROM audio_prep_jobs")
    terminal.draw(
        FOLDER / "watch.svg",
        "audioprep submit --watch",
        f"$ audioprep {' '.join(typed)}",
        terminal.frame_with(frames, "analyzing", "%"),
        frames[-1],
    )
    told = {name: await asyncio.to_thread(terminal.run, [name, row["jobId"]], deployment.folder, env) for name in _TOLD}
    outline = [line for line in told["show"][-1].splitlines() if set(Text.from_ansi(line).plain) & set("▄▀█▌▐▙▟▛▜")]
    terminal.draw(
        FOLDER / "show.svg",
        "audioprep show, logs, doctor",
        f"$ audioprep show {row['jobId']}",
        "...",
        "\n".join(outline),
        *(part for name in _TOLD[1:] for part in (f"$ audioprep {name} {row['jobId']}", told[name][-1])),
    )


_TOLD = ("show", "logs", "doctor")


async def _pages(deployment: Deployment, client: Client, ui_url: str) -> None:
    """An ingest whose source refused the first attempt, when it is done; a save while it renders."""
    tone = make_audio(deployment.folder / "site" / "interview.mp3", 200)
    async with open_site(deployment.folder / "site") as site, open_browser(deployment.folder) as page:
        url = site.url("flaky/interview.mp3")
        ingest = await deployment.app.submit("ingest", {"sourceType": "url", "url": url})
        await deployment.app.until(ingest, "complete")
        await page.resize(_WIDTH, 430)
        await page.open(await timeline_page(client, ui_url, ingest))
        await page.shows("Timeline")
        await page.evaluate(f"{_HEADING}.scrollIntoView()")
        await page.shows("audioprep.publish_asset")
        await asyncio.sleep(_SETTLE)
        top = round(await page.evaluate(f"{_HEADING}.getBoundingClientRect().top + window.scrollY"))
        picture = await page.picture(_SIDEBAR, top - 16, _WIDTH - _SIDEBAR - 16, 270)
        (FOLDER / "ui-timeline.png").write_bytes(picture)

        asset = str(uuid.uuid4())
        deployment.upload(tone, f"assets/{asset}/original.mp3")
        recipe = recipe_of(clip_of(asset, 4, 100, fadeIn=1), clip_of(asset, 110, 200), asset_id=asset, normalize=True)
        save = await deployment.app.submit("save", {"recipe": recipe})
        await deployment.app.until(save, "processing", stage="rendering")
        await page.resize(_WIDTH, 900)
        await page.open(await metadata_page(client, ui_url, save))
        await page.shows("save · 2 clips · 3:06 · wav · normalized", "rendering")
        await asyncio.sleep(_SETTLE)
        (FOLDER / "ui-details.png").write_bytes(await page.picture(_SIDEBAR, 104, _WIDTH - _SIDEBAR - 16, 660))


_SETTLE = 1.5  # seconds for the UI's own animations, which nothing on the page announces the end of
_WIDTH, _SIDEBAR = 1500, 272  # pixels of the page, and of its left that no picture shows
_HEADING = "[...document.querySelectorAll('h2, h3')].find(h => h.innerText.includes('Timeline'))"


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    os.environ.pop("NO_COLOR", None)
    with tempfile.TemporaryDirectory(prefix="audioprep-pictures-") as temporary:
        asyncio.run(main(Path(temporary)))
