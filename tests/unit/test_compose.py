"""The compose file's Temporal behaves as the one of `audioprep dev`."""

import re
from pathlib import Path

from audioprep.dev import DYNAMIC_CONFIG

COMPOSE = Path(__file__).parents[2] / "docker-compose.yml"


def test_temporal_has_the_dynamic_settings_of_the_development_server() -> None:
    written = re.findall(r"\b(?:frontend|system|matching)\.\w+=\w+", COMPOSE.read_text("utf-8"))

    assert sorted(written) == sorted(DYNAMIC_CONFIG)
