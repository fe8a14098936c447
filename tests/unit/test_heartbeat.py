"""The interval of heartbeats: what the server bills, and how cancels travel, decide."""

import pytest

from audioprep.heartbeat import heartbeat_interval, is_cloud


@pytest.mark.parametrize(
    ("chosen", "cloud", "worker_commands", "seconds"),
    [
        (None, False, True, 1.0),
        (None, False, False, 1.0),
        (None, True, True, 5.0),
        (None, True, False, 2.0),
        (0.5, True, True, 0.5),
    ],
    ids=[
        "own server: a heartbeat costs nothing",
        "own server without worker commands: the same",
        "Temporal Cloud with worker commands: seldom",
        "Temporal Cloud without them: a cancel waits for it",
        "the setting counts",
    ],
)
def test_the_interval_suits_the_server(
    chosen: float | None, cloud: bool, worker_commands: bool, seconds: float
) -> None:
    assert heartbeat_interval(chosen, cloud=cloud, worker_commands=worker_commands) == seconds


@pytest.mark.parametrize(
    ("address", "cloud"),
    [
        ("audio.a1b2c.tmprl.cloud:7233", True),
        ("https://eu-west-1.aws.api.temporal.io:7233", True),
        ("localhost:7233", False),
        ("temporal.io.example.com:7233", False),
        ("nottmprl.cloud:7233", False),
    ],
)
def test_temporal_cloud_is_known_by_its_address(address: str, cloud: bool) -> None:
    assert is_cloud(address) is cloud
