"""The compose file: Temporal as in `audioprep dev`, and no more rights or open ports than are needed."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from audioprep.dev.server import DYNAMIC_CONFIG

COMPOSE = Path(__file__).parents[2] / "docker-compose.yml"


def test_temporal_has_the_dynamic_config_of_the_dev_server() -> None:
    written = re.findall(r"\b(?:frontend|system|matching)\.\w+=\w+", COMPOSE.read_text("utf-8"))

    assert sorted(written) == sorted(DYNAMIC_CONFIG)


SERVICES: dict[str, dict[str, Any]] = yaml.safe_load(COMPOSE.read_text("utf-8"))["services"]


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_has_no_rights_to_spare(name: str) -> None:
    service = SERVICES[name]

    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    # What it takes to give a volume to another user, and to become that user.
    assert set(service.get("cap_add", [])) <= {"CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID"}
    assert "cap_add" not in service or "volumes" in service


@pytest.mark.parametrize("name", SERVICES)
def test_ports_are_published_on_loopback_only(name: str) -> None:
    assert all(port.startswith("127.0.0.1:") for port in SERVICES[name].get("ports", []))


def test_a_database_without_a_password_is_not_published() -> None:
    assert "ports" not in SERVICES["sqld"]


@pytest.mark.parametrize("name", SERVICES)
def test_no_service_sees_files_of_this_folder(name: str) -> None:
    """`.env` is among them."""
    assert all(volume.split(":")[0].isalnum() for volume in SERVICES[name].get("volumes", []))
