"""`audioprep check`: what is too old or too late is told from what is not."""

import pytest

from audioprep.check import major_version
from audioprep.clock import judged


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
    assert "within" in judged(skew)


@pytest.mark.parametrize(("skew", "direction"), [(90.0, "90 s ahead of"), (-90.0, "90 s behind")])
def test_a_great_skew_is_named_with_its_direction(skew: float, direction: str) -> None:
    with pytest.raises(RuntimeError, match=direction):
        judged(skew)
