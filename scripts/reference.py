"""Reference pages generated from the code: settings and schemas from their models, commands from the command line."""

import json
import subprocess
import sys
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, Literal, get_args, get_origin

from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings

import audioprep.settings  # noqa: F401 - defines the groups
from audioprep.jobs.registry import JOB_TYPES
from audioprep.jobs.schemas import error_schema, metadata_schema, result_schema, webhook_schema

DOCS: Final = Path(__file__).parents[1] / "docs"
_MADE: Final = "<!-- Made by `make reference`; not edited by hand. -->"
_SETTINGS: Final = """# Settings

Each is an environment variable, or a line of `.env` in the working folder; the environment comes first. They are read
once, at the start of a role; a wrong value is refused with a sentence. `audioprep check` prints those in force, secrets
masked, with where each comes from, and tries what they name.

Temporal's own variables (`TEMPORAL_ADDRESS`, `TEMPORAL_NAMESPACE`, `TEMPORAL_API_KEY`, `TEMPORAL_TLS`…) are read by its
SDK, those of S3 (`AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_REGION`, `AWS_ENDPOINT_URL`…) by the object store's
client, and further `OTEL_*` by OpenTelemetry's. `AUDIOPREP_ROLE` is an option of
[`audioprep serve`](commands.md#audioprep-serve).
"""
_TYPES: Final[Mapping[Any, str]] = {
    bool: "`true`, `false`",
    int: "integer",
    float: "number",
    SecretStr: "secret",
    Path: "path",
    timedelta: "duration",
}
_BOUNDS: Final = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<"}


def settings_page() -> str:
    """Every variable with default, possible values and meaning, a table for each group."""
    groups = [group for group in BaseSettings.__subclasses__() if group.__module__.startswith("audioprep.")]
    return "\n".join([f"{_MADE}\n\n{_SETTINGS}", *(_group(group) for group in groups)])


def commands_page() -> str:
    """What `--help` says of every command, as typer writes it."""
    command = [
        sys.executable,
        "-m",
        "typer",
        "audioprep.cli.app",
        "utils",
        "docs",
        "--name",
        "audioprep",
        "--title",
        "Commands",
    ]
    page = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout
    plain = page.replace("&#x27;", "'").replace("&quot;", '"')
    return f"{_MADE}\n\n{plain.strip()}\n"


def _group(group: type[BaseSettings]) -> str:
    prefix = group.model_config.get("env_prefix", "")
    lines = [
        f"## {group.__name__.removesuffix('Settings')}",
        "",
        (group.__doc__ or "").strip(),
        "",
        "| variable | default | values | meaning |",
        "|---|---|---|---|",
    ]
    for name, field in group.model_fields.items():
        cells = [f"`{f'{prefix}{name}'.upper()}`", _default(field), _values(field), field.description or ""]
        lines.append(f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |")
    return "\n".join(lines) + "\n"


def _default(field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=True, validated_data={})
    match value:
        case None | "" | () | {}:
            return ""
        case bool():
            return f"`{str(value).lower()}`"
        case float():
            return f"`{value:g}`"
        case _:
            return f"`{value}`"


def _values(field: FieldInfo) -> str:
    kinds = [kind for kind in get_args(field.annotation) if kind is not type(None)] or [field.annotation]
    if get_origin(field.annotation) is Literal:
        return ", ".join(f"`{value}`" for value in kinds if value)
    kind = "text" if get_origin(field.annotation) in (tuple, dict) else _TYPES.get(kinds[0], "text")
    return ", ".join([kind, *_bounds(field)])


def _bounds(field: FieldInfo) -> list[str]:
    found = [(sign, getattr(limit, name, None)) for limit in field.metadata for name, sign in _BOUNDS.items()]
    return [f"{sign} {bound:g}" for sign, bound in found if bound is not None]


def schema_files() -> dict[str, str]:
    """The JSON Schemas of docs/schemas, by file name."""
    documents = {"error.result.json": error_schema(), "webhook.json": webhook_schema()}
    for kind in JOB_TYPES:
        documents |= {
            f"{kind.name}.metadata.json": metadata_schema(kind),
            f"{kind.name}.result.json": result_schema(kind),
        }
    return {name: json.dumps(document, indent=2) + "\n" for name, document in documents.items()}


if __name__ == "__main__":
    for name, text in schema_files().items():
        (DOCS / "schemas" / name).write_text(text, "utf-8")
    (DOCS / "settings.md").write_text(settings_page(), "utf-8")
    (DOCS / "commands.md").write_text(commands_page(), "utf-8")
