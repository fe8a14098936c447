"""`audioprep check`: what is too old or too late is told from what is not."""

from pathlib import Path

import pytest

from audioprep.activities.process.memory import fitting_runs
from audioprep.checks import memory
from audioprep.checks.database import verdict
from audioprep.checks.finding import CheckWarning
from audioprep.checks.programs import major_version

MB = 1024 * 1024


@pytest.mark.parametrize(
    ("line", "major"),
    [
        ("ffmpeg version 5.1.9-0+deb12u1", 5),
        ("ffmpeg version n7.1", 7),
        ("ffmpeg version 4.4.2-0ubuntu0.22.04.1", 4),
        ("ffmpeg version N-118896-g9f0970ee35", None),
    ],
)
def test_the_version_of_ffmpeg_is_read_from_every_kind_of_build(line: str, major: int | None) -> None:
    assert major_version(line) == major


@pytest.mark.parametrize("skew", [0.0, 4.9, -4.9])
def test_a_small_skew_is_fine(skew: float) -> None:
    assert "within" in verdict(skew)


@pytest.mark.parametrize(("skew", "direction"), [(90.0, "90 s ahead of"), (-90.0, "90 s behind")])
def test_a_great_skew_is_named_with_its_direction(skew: float, direction: str) -> None:
    with pytest.raises(RuntimeError, match=direction):
        verdict(skew)


@pytest.mark.parametrize(
    ("limit", "slots", "says"),
    [(None, 2, "no limit"), (512 * MB, 2, "512 MB is enough for 2 slots"), (2048 * MB, 8, "enough for 8 slots")],
)
def test_memory_that_suffices(limit: int | None, slots: int, says: str) -> None:
    assert says in memory.verdict(limit, slots)


@pytest.mark.parametrize(
    ("limit", "slots", "fitting"), [(500 * MB, 2, 1), (512 * MB, 3, 2), (1024 * MB, 20, 18), (64 * MB, 1, 1)]
)
def test_too_little_memory_is_told_with_the_slots_that_fit(limit: int, slots: int, fitting: int) -> None:
    with pytest.raises(CheckWarning, match=f"set AUDIOPREP_ACTIVITY_SLOTS={fitting}$"):
        memory.verdict(limit, slots)


@pytest.mark.parametrize(
    ("limit", "steps", "runs"), [(None, 2, 3), (512 * MB, 2, 1), (1200 * MB, 2, 3), (64 * MB, 2, 1), (816 * MB, 2, 2)]
)
def test_runs_of_ytdlp_fit_beside_the_slots(limit: int | None, steps: int, runs: int) -> None:
    assert fitting_runs(limit, steps) == runs
    if limit is not None and limit >= 512 * MB:
        assert "is enough" in memory.verdict(limit, steps, runs)


@pytest.mark.parametrize(
    ("groups", "files", "limit"),
    [
        ("0::/", {"memory.max": "536870912"}, 512 * MB),
        ("0::/", {"memory.max": "max"}, None),
        ("0::/a/b", {"a/b/memory.max": "max", "a/memory.max": "1048576"}, MB),
        ("4:memory:/x", {"memory/x/memory.limit_in_bytes": "2097152"}, 2 * MB),
        ("4:memory:/not/seen/from/here", {"memory/memory.limit_in_bytes": "1048576"}, MB),
        ("4:memory:/", {"memory/memory.limit_in_bytes": "9223372036854771712"}, None),
        ("3:cpu:/", {}, None),
    ],
)
def test_the_limit_is_the_smallest_of_all_control_groups_above(
    tmp_path: Path, groups: str, files: dict[str, str], limit: int | None
) -> None:
    root, own = tmp_path / "cgroup", tmp_path / "own"
    own.write_text(groups + "\n")
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text + "\n")

    assert memory.memory_limit(root, own) == limit
