"""What the demo prints: a line for each event, a bar for the row, the result."""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from audioprep.jobs.job import Job

_NAME: Final = 10  # columns


class DemoScreen:
    """Lines and bars on one console; where that is no terminal, a line per change instead of a bar.

    `say_named` prints a line: its name, its text, the columns of the name.
    """

    def __init__(self, console: Console, say_named: Callable[[str, str, int], None]) -> None:
        self._console = console
        self._say_named = say_named

    def line(self, name: str, text: str) -> None:
        self._say_named(name, text, _NAME)

    @contextmanager
    def bar(self) -> Iterator[Callable[[Job], None]]:
        """A function that shows the row; the bar goes with the block."""
        last = ""
        progress = Progress(
            TextColumn("           {task.description:<22}"),
            BarColumn(bar_width=24),
            TextColumn("{task.percentage:>3.0f} %"),
            TimeElapsedColumn(),
            console=self._console,
            transient=True,
            disable=not self._console.is_terminal,
        )
        task = progress.add_task("pending", total=100)

        def show(job: Job) -> None:
            nonlocal last
            told = f"{job.status} {job.stage or ''}".strip()
            progress.update(task, description=told, completed=job.progress)
            if told != last and not self._console.is_terminal:
                self.line("row", f"{told:<22} {job.progress:.0f} %")
            last = told

        with progress:
            yield show

    def result(self, job: Job, root: Path) -> None:
        """The row's result, and the files that it names."""
        self._console.print_json(job.result or "{}")
        asset_id = json.loads(job.result or "{}")["assetId"]
        for path in sorted((root / "assets" / asset_id).iterdir()):
            self._console.print(Text(f"{path.stat().st_size:>12,} bytes  {path.name}"), soft_wrap=True)
        self.line("in", os.path.relpath(root / "assets" / asset_id))
