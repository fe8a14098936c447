"""The public names: all there, documented, and loaded only when asked for."""

import subprocess
import sys

import audioprep.extend as public
from tests.support.processes import ROOT


def test_every_public_name_can_be_imported() -> None:
    promised = {name for names in public.PUBLIC.values() for name in names}

    assert set(public.__all__) == promised
    assert all(getattr(public, name) is not None for name in public.__all__)


def test_every_public_name_has_a_docstring() -> None:
    undocumented = [name for name in public.__all__ if not getattr(public, name).__doc__]

    assert undocumented == []


def test_the_table_in_the_documents_is_the_facade() -> None:
    assert public.table() in (ROOT / "docs/extending.md").read_text()


def test_a_bridge_loads_no_activity() -> None:
    activities = "[name for name in sys.modules if name.startswith('audioprep.activities')]"
    code = f"import sys, audioprep.extend as public; public.Bridge; print({activities})"

    ended = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)

    assert ended.stdout.strip() == "[]"
