"""`python -m audioprep.service.healthcheck`: health check of an image. Exit code 0 if healthy.

A process without the HTTP server has no health to ask for: that it runs is all there is.
"""

import os
import sys
from urllib.error import URLError
from urllib.request import urlopen

_TIMEOUT = 4.0  # seconds


def problem(port: str | None) -> str | None:
    """What is wrong, None when nothing is."""
    if not port:
        return None
    try:
        with urlopen(f"http://127.0.0.1:{port}/healthz", timeout=_TIMEOUT):
            return None
    except (URLError, OSError) as error:
        return f"/healthz: {error}"


def main() -> None:
    """Ask, and end with the answer."""
    # Read here, without the settings: they take longer to import than the whole check may.
    sys.exit(problem(os.environ.get("AUDIOPREP_HTTP_PORT")))


if __name__ == "__main__":
    main()
