"""A made yt-dlp as the one that a worker has updated to."""

from pathlib import Path

from tests.support.deployment import Deployment
from tests.support.youtube import MadeYouTube


def give_worker(deployment: Deployment, port: int) -> MadeYouTube:
    """Workers of the deployment, started after this, run it; it finds its formats at the site on `port`."""
    updates = Path(deployment.env["AUDIOPREP_WORK_DIR"]) / "yt-dlp"
    made = MadeYouTube(updates / "9999.1.1", port)
    made.install()
    (updates / "current").symlink_to("9999.1.1")
    deployment.extra |= {
        "AUDIOPREP_YTDLP_UPDATE": "52w",
        "AUDIOPREP_YTDLP_INDEX": "http://127.0.0.1:9/simple",  # nothing answers there: what is installed stays
        "AUDIOPREP_ALLOW_PRIVATE_URLS": "1",
        "AUDIOPREP_SITE_RETRY_DELAY": "0",
    }
    return made
