"""The documents, and the snippets in them."""

import re
from pathlib import Path

from tests.support.processes import ROOT

README = ROOT / "README.md"
WEB_APP = ROOT / "docs" / "web-app.md"
CONTRACT = ROOT / "docs" / "job-contract.md"
WEBHOOKS = ROOT / "docs" / "webhooks.md"

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def snippets(document: Path, language: str) -> list[str]:
    """The fenced blocks of one language, in their order."""
    return [body for name, body in _FENCE.findall(document.read_text("utf-8")) if name == language]


def commands(document: Path) -> list[str]:
    """What a reader types into a shell, without comments."""
    lines = "\n".join(snippets(document, "sh")).splitlines()
    return [command for line in lines if (command := line.split("  #")[0].strip())]


def statements(sql: str) -> list[str]:
    """The statements of a block of SQL, without comments."""
    lines = [line for line in sql.splitlines() if not line.startswith("--")]
    return [statement.strip() for statement in "\n".join(lines).split(";") if statement.strip()]
