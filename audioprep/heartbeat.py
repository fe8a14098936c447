"""Heartbeat interval of activities: what progress and cancels need, and what a server that bills heartbeats costs."""

from typing import Final

OWN_SERVER: Final = 1.0  # seconds; heartbeats cost nothing there
CLOUD: Final = 5.0  # a cancel does not wait for a heartbeat where the server has worker commands
CLOUD_WITHOUT_COMMANDS: Final = 2.0  # each cancel waits for the next heartbeat
_CLOUD_HOSTS: Final = (".tmprl.cloud", ".temporal.io")  # namespace endpoints, and regional ones with API keys


def heartbeat_interval(chosen: float | None, *, cloud: bool, worker_commands: bool) -> float:
    """Seconds between two heartbeats: those of the setting, or what suits the server."""
    if chosen is not None:
        return chosen
    if not cloud:
        return OWN_SERVER
    return CLOUD if worker_commands else CLOUD_WITHOUT_COMMANDS


def is_cloud(target_host: str) -> bool:
    """Whether an address is Temporal Cloud's, which bills each heartbeat."""
    host = target_host.rpartition("@")[2].rpartition("/")[2].partition(":")[0].lower().rstrip(".")
    return host.endswith(_CLOUD_HOSTS)
