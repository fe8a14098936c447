"""Write the generated parts of both client packages anew: `make clients-code`."""

from pathlib import Path
from typing import Final

from scripts.clients.python import python_module, python_schema
from scripts.clients.typescript import schema_module, typescript_module
from scripts.clients.vectors import vectors

CLIENTS: Final = Path(__file__).parents[2] / "clients"


def generated() -> dict[Path, str]:
    """Every generated file with its content."""
    return {
        CLIENTS / "typescript" / "src" / "generated.ts": typescript_module(),
        CLIENTS / "python" / "src" / "audioprep_client" / "generated.py": python_module(),
        CLIENTS / "typescript" / "src" / "testing" / "schema.ts": schema_module(),
        CLIENTS / "python" / "src" / "audioprep_client" / "testing" / "schema.py": python_schema(),
        CLIENTS / "vectors.json": vectors(),
    }


if __name__ == "__main__":
    for path, content in generated().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, "utf-8")
