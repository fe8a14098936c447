"""`serve` with its default slots all taken: renders of half an hour beside downloads by yt-dlp with deno, in 512 MB."""

import time
import uuid
from collections import Counter
from contextlib import ExitStack
from typing import Final

from tests.image.container import Container, Image
from tests.image.player import CHALLENGE, EXTRACTOR_ARGS, make_plugin, make_script
from tests.image.steps import HALF_HOUR, WITHIN, start, tell
from tests.support.activities import clip_of, recipe_of
from tests.support.audio import make_audio
from tests.support.deployment import Deployment
from tests.support.site import Site, open_site
from tests.support.youtube import URL, MadeYouTube

_SECONDS: Final = HALF_HOUR - 1  # an encoder adds some
_MB: Final = 1024 * 1024
_PLUGINS: Final = "/opt/made-plugins"
_RENDERS: Final = 2  # at once by default
_YOUTUBE, _PLAIN = 6, 4  # downloads; three at once by default, of which one by yt-dlp in 512 MB
_STOPPED: Final = 10.0  # seconds from SIGTERM to the end, at most
# Both versions of control groups: the most it ever held with its file cache, and the kills for memory.
_KERNEL: Final = """cd /sys/fs/cgroup
cat memory.peak memory/memory.max_usage_in_bytes 2> /dev/null
cat memory.events memory/memory.oom_control 2> /dev/null | grep '^oom_kill ' | cut -d' ' -f2"""


async def full_load(image: Image, deployment: Deployment, running: ExitStack) -> None:
    """As many renders and downloads at once as the slots allow, until all are done; then SIGTERM amid more of them."""
    folder = deployment.folder / "site"
    for name in ("talk.mp3", "talk.m4a"):
        make_audio(folder / name, _SECONDS, "-ac", "2")
    make_script(folder)
    async with open_site(folder) as site:
        deployment.extra |= {
            "AUDIOPREP_ALLOW_PRIVATE_URLS": "1",  # the site is on this machine
            "AUDIOPREP_YTDLP_PLUGINS": _PLUGINS,
            "AUDIOPREP_YTDLP_EXTRACTOR_ARGS": EXTRACTOR_ARGS,
        }
        server = start(image, "serve", deployment, running, f"{_plugins(deployment, site)}:{_PLUGINS}")
        asset = str(uuid.uuid4())
        deployment.upload(folder / "talk.mp3", f"assets/{asset}/original.mp3")
        await _all_slots(server, deployment, site, asset)
        await _stopped(server, deployment, site, asset)


def _plugins(deployment: Deployment, site: Site) -> str:
    made = MadeYouTube(deployment.folder / "youtube", site.port)
    made.formats = [made.sound(140, f"talk.m4a?n={CHALLENGE}")]
    return str(make_plugin(deployment.folder / "plugins", made))


async def _all_slots(server: Container, deployment: Deployment, site: Site, asset: str) -> None:
    with server.watched() as seen:
        jobs = await _submit(deployment, site, asset)
        rows = [await deployment.app.finished(job_id, within=2 * WITHIN) for job_id in jobs]
    ended = f"{dict(Counter(row['status'] for row in rows))}, retryCount {sum(row['retryCount'] for row in rows)}"
    tell("serve: renders, downloads by yt-dlp, others", f"{_RENDERS}, {_YOUTUBE}, {_PLAIN}: {ended}")
    most, *names = seen
    with_what = ", ".join(f"{count} {name}" for name, count in sorted(Counter(names).items()) if name not in _OURS)
    tell("most memory that is not file cache", f"{float(most) / _MB:.0f} MB of 512, with {with_what}")
    peak, kills = server.inside(_KERNEL).split()
    tell("the kernel's peak, with file cache; kills", f"{float(peak) / _MB:.0f} MB, {kills}")
    assert {row["status"] for row in rows} == {"complete"}, [row["error"] for row in rows]
    assert (kills, server.killed_for_memory()) == ("0", False)


_OURS: Final = ("sh", "sleep", "tini")  # the sampler's, and what starts us


async def _stopped(server: Container, deployment: Deployment, site: Site, asset: str) -> None:
    render, *_ = await _submit(deployment, site, asset)
    await deployment.app.until(render, "processing", stage="rendering")
    began = time.monotonic()
    code = server.stop()
    took = time.monotonic() - began
    tell("SIGTERM to serve amid all that", f"exit code {code} after {took:.2f} s")
    assert (code, took < _STOPPED) == (0, True)


async def _submit(deployment: Deployment, site: Site, asset: str) -> list[str]:
    """The ids, those of renders first."""
    recipe = recipe_of(clip_of(asset, 0, _SECONDS), normalize=True)
    wanted: list[tuple[str, dict[str, object]]] = []
    for _ in range(_RENDERS // 2):
        own = recipe | {"assetId": str(uuid.uuid4())}  # of another asset: a save replaces what the asset has
        wanted += [("save", {"recipe": own}), ("preview", {"recipe": own, "recipeHash": uuid.uuid4().hex[:16]})]
    sources = [("youtube", URL)] * _YOUTUBE + [("url", site.url("slow/talk.mp3"))] * _PLAIN
    wanted += [("ingest", {"sourceType": kind, "url": url}) for kind, url in sources]
    return [await deployment.app.submit(job_type, metadata) for job_type, metadata in wanted]
