"""Links to the pages of workflows in Temporal's UI."""

import os
from typing import Final
from urllib.parse import quote

from audioprep.settings import Settings
from audioprep.temporal.connection import DEFAULT_ADDRESS

_CLOUD: Final = "https://cloud.temporal.io"
_CLOUD_HOSTS: Final = (".tmprl.cloud", ".api.temporal.io")


def workflow_link(settings: Settings, workflow_id: str) -> str:
    """The page of a workflow; empty when it is not known where the UI is."""
    ui = settings.temporal.temporal_ui.rstrip("/") or _cloud()
    if not ui:
        return ""
    namespace = os.environ.get("TEMPORAL_NAMESPACE") or "default"
    return f"{ui}/namespaces/{quote(namespace, safe='')}/workflows/{quote(workflow_id, safe='')}"


def _cloud() -> str:
    host = (os.environ.get("TEMPORAL_ADDRESS") or DEFAULT_ADDRESS).rpartition(":")[0]
    return _CLOUD if host.endswith(_CLOUD_HOSTS) else ""
