"""CONTRIBUTING.md: the job type that it adds, added as it says to a copy of the project, runs from row to result."""

import asyncio
import os
import re
import shutil
import sys
import textwrap
from pathlib import Path

from tests.support.processes import ROOT

_FILE = re.compile(r"\d\. \*\*[^*]+\*\*, `([\w/]+\.py)`")
_CODE = re.compile(r"^ +```python\n(.*?)^ +```$", re.MULTILINE | re.DOTALL)


async def test_a_job_type_added_as_the_document_says_works(tmp_path: Path) -> None:
    copy = tmp_path / "audioprep"
    await asyncio.to_thread(_copy_project, copy)
    steps = _steps((ROOT / "CONTRIBUTING.md").read_text("utf-8"))
    declaration = steps.pop("jobs/registry.py")
    for name, code in steps.items():
        assert not (copy / name).exists(), name
        (copy / name).write_text(code)
    _register(copy / "jobs/registry.py", declaration)
    _wire(copy / "audioprep/plugin.py")

    code, said = await _pytest(copy, "tests/e2e/test_tone.py")

    assert sorted(steps) == ["activities/tone.py", "jobs/types/tone.py", "tests/e2e/test_tone.py", "workflows/tone.py"]
    assert code == 0, said
    assert re.search(r"\b1 passed\b", said), said


def _register(registry: Path, declaration: str) -> None:
    _import(registry, "audioprep.jobs.types.tone", "TonePayload, ToneResult", after="audioprep.jobs.status")
    _put(registry, "JOB_TYPES = JobTypes([", f"{declaration}\nJOB_TYPES = JobTypes([TONE, ")


def _wire(plugin: Path) -> None:
    _import(plugin, "audioprep.activities.tone", "ToneActivities", after="audioprep.activities.save")
    _import(plugin, "audioprep.workflows.tone", "ToneWorkflow", after="audioprep.workflows.save")
    _put(plugin, "\nWORKFLOWS: Final = (", "\nWORKFLOWS: Final = (ToneWorkflow, ")
    _put(plugin, "*(playlists.expand_playlist", "ToneActivities(self.resources).look, *(playlists.expand_playlist")


def _import(path: Path, module: str, name: str, *, after: str) -> None:
    (line,) = re.findall(rf"^from {re.escape(after)} import .*\n", path.read_text(), re.MULTILINE)
    _put(path, line, f"{line}from {module} import {name}\n")


def _steps(document: str) -> dict[str, str]:
    """The code of each step of the list that has some, by the file it is about."""
    found = {}
    for step in re.split(r"^(?=\d\. )", document, flags=re.MULTILINE):
        if (file := _FILE.match(step)) and (code := _CODE.search(step)):
            found[file[1]] = textwrap.dedent(code[1])
    return found


def _copy_project(target: Path) -> None:
    """All but what set-up and tests have made; the servers' programs are linked."""
    made = shutil.ignore_patterns(".*", "node_modules", "build", "__pycache__")
    shutil.copytree(ROOT, target, symlinks=True, ignore=made)
    (target / "node_modules").symlink_to(ROOT / "node_modules")


def _put(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert text.count(old) == 1, (path, old)
    path.write_text(text.replace(old, new))


async def _pytest(folder: Path, test: str) -> tuple[int, str]:
    """Run one test of the copy with the copy's own code, and nothing of this run of pytest."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "STORAGE"))}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "pytest", "-p", "no:cacheprovider", test),
        cwd=folder,
        env={**ours, "PYTHONPATH": str(folder)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        out, _ = await asyncio.wait_for(process.communicate(), 90)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return process.returncode or 0, out.decode()
