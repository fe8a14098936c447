"""The outline of a recording in characters."""

import pytest

from audioprep.cli.views.waveform import draw, peak_level


@pytest.mark.parametrize(
    ("peaks", "lines"),
    [
        ([-1, 1] * 4, ["██", "██"]),
        ([0, 0] * 4, ["▄▄", "▀▀"]),
        ([-1, 1, -1, 1, 0, 0, 0, 0], ["█▄", "█▀"]),
        ([0, 1] * 4, ["██", "▀▀"]),
        ([-0.1, 1, 0, 0], ["▙", "▀"]),
        ([-0.1, 0.1] * 4, ["██", "██"]),
        ([], ["", ""]),
    ],
    ids=[
        "loud",
        "silence is a line",
        "loud, then silent",
        "only above",
        "fewer pairs than columns",
        "quiet",
        "nothing",
    ],
)
def test_loudness_is_height(peaks: list[float], lines: list[str]) -> None:
    assert draw(peaks, 2, 2) == lines


@pytest.mark.parametrize("pairs", [1, 7, 100, 90_000])
def test_no_line_is_wider_than_asked(pairs: int) -> None:
    lines = draw([-0.5, 0.5] * pairs, 60, 6)

    assert len(lines) == 6
    assert {len(line) for line in lines} == {min(60, (pairs + 1) // 2)}


def test_one_loud_moment_of_a_long_recording_is_seen() -> None:
    peaks = [0.0] * 20_000
    peaks[10_001] = 1.0

    assert draw(peaks, 50, 4)[0].strip() != ""


@pytest.mark.parametrize(("peak", "level"), [(1.0, "0.0 dBFS"), (0.1, "-20.0 dBFS"), (0.0, "none: digital silence")])
def test_the_peak_is_told_in_decibels(peak: float, level: str) -> None:
    assert peak_level([0.0, peak]) == level
