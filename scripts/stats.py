"""Sizes and types of the code against the aims of the house style: `make stats`."""

import ast
import statistics
import sys
from collections import ChainMap, Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
ROOMS: Final = ("audioprep", "jobs", "workflows", "activities", "bridge", "tests", "benchmarks", "examples", "scripts")
OURS: Final = ROOMS[:5]  # what is shipped: the aims are for these
LONGEST_FILE: Final = 200  # lines
SHORTEST_FILE: Final = 40  # lines: a shorter one is usually part of a neighbour
LONGEST_FUNCTION: Final = 30  # lines, without decorators
MOST_ENTRIES: Final = 12  # of a folder
MOST_IMPORTS: Final = 0.08  # of all lines: with more, the files are too small

Function = ast.FunctionDef | ast.AsyncFunctionDef
Import = ast.Import | ast.ImportFrom


@dataclass
class Room:
    """`files` and `functions`: lines by name. `untyped`: functions without the type of a parameter or of the result."""

    files: dict[str, int] = field(default_factory=dict)
    imports: int = 0  # lines
    functions: dict[str, int] = field(default_factory=dict)
    untyped: list[str] = field(default_factory=list)

    def take(self, path: Path) -> None:
        """Count one file."""
        name = path.relative_to(ROOT).as_posix()
        text = path.read_text("utf-8")
        self.files[name] = len(text.splitlines())
        tree = ast.parse(text)
        self.imports += sum((node.end_lineno or 0) - node.lineno + 1 for node in tree.body if isinstance(node, Import))
        for function in _functions(tree):
            place = f"{name}:{function.lineno} {function.name}"
            self.functions[place] = (function.end_lineno or function.lineno) - function.lineno + 1
            if not _is_typed(function):
                self.untyped.append(place)


def room_of(folder: Path) -> Room:
    """All Python files in the folder; links are other rooms."""
    room = Room()
    for path in sorted(folder.rglob("*.py")):
        if not any(parent.is_symlink() for parent in path.parents):
            room.take(path)
    return room


def main() -> int:
    """Print a line per room, and what is beyond the aims; 1 when a function that is shipped has no types."""
    rooms = {name: room_of(ROOT / name) for name in ROOMS}
    print(f"{'room':<12}{'files':>6}{'lines':>7}{'median':>8}{'longest':>9}{'functions':>11}{'median':>8}", end="")
    print(f"{'longest':>9}{'untyped':>9}")
    for name, room in rooms.items():
        print(_line(name, room))
    shipped = [rooms[name] for name in OURS]
    _print_beyond("files", LONGEST_FILE, ChainMap(*(room.files for room in shipped)))
    _print_beyond("functions", LONGEST_FUNCTION, ChainMap(*(room.functions for room in shipped)))
    _print_structure(shipped)
    untyped = [place for room in shipped for place in room.untyped]
    print(f"\nshipped functions without types: {len(untyped)}", *untyped, sep="\n  ")
    return 1 if untyped else 0


def _line(name: str, room: Room) -> str:
    files, functions = room.files.values(), room.functions.values()
    return (
        f"{name:<12}{len(files):>6}{sum(files):>7}{statistics.median(files):>8g}{max(files):>9}"
        f"{len(functions):>11}{statistics.median(functions):>8g}{max(functions):>9}{len(room.untyped):>9}"
    )


def _print_beyond(what: str, aim: int, sizes: Mapping[str, int]) -> None:
    beyond = sorted((item for item in sizes.items() if item[1] > aim), key=lambda item: -item[1])
    print(f"\nshipped {what} of more than {aim} lines: {len(beyond)} of {len(sizes)}")
    for name, lines in beyond:
        print(f"  {lines:>4}  {name}")


def _print_structure(shipped: list[Room]) -> None:
    """Share of imports, crumbs, crowded folders, and names that occur twice."""
    files = {name: lines for room in shipped for name, lines in room.files.items()}
    modules = [name for name in files if not name.endswith(("__init__.py", "__main__.py"))]
    share = sum(room.imports for room in shipped) / sum(files.values())
    small = [name for name in modules if files[name] < SHORTEST_FILE]
    inside = Counter(Path(name).parent.as_posix() for name in modules)
    packages = Counter(Path(folder).parent.as_posix() for folder in list(inside) if "/" in folder)
    crowded = [
        f"{folder} ({inside[folder]} modules, {packages[folder]} packages)"
        for folder in inside
        if inside[folder] + packages[folder] > MOST_ENTRIES
    ]
    names = Counter(Path(name).name for name in modules)
    twice = [f"{name} ({count}x)" for name, count in names.items() if count > 1]
    print(f"\nimports: {share:.1%} of the lines (aim: under {MOST_IMPORTS:.0%})")
    print(f"files under {SHORTEST_FILE} lines: {len(small)} of {len(modules)}")
    print(f"folders of more than {MOST_ENTRIES} entries: {', '.join(sorted(crowded)) or 'none'}")
    print(f"names that occur twice: {', '.join(sorted(twice)) or 'none'}")


def _functions(tree: ast.AST) -> Iterator[Function]:
    return (node for node in ast.walk(tree) if isinstance(node, Function))


def _is_typed(function: Function) -> bool:
    arguments = function.args
    given = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    given += [extra for extra in (arguments.vararg, arguments.kwarg) if extra]
    return function.returns is not None and all(
        argument.annotation is not None or argument.arg in ("self", "cls") for argument in given
    )


if __name__ == "__main__":
    sys.exit(main())
