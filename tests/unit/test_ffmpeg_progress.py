"""ffmpeg's progress lines."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audioprep.activities.ffmpeg.run import seconds_of

LINES = [
    ("out_time_us=1500000", 1.5),
    ("out_time_ms=1500000", 1.5),  # microseconds too, whatever its name says
    ("out_time_us=0", 0.0),
    (" out_time_us=21333 \r\n", 0.021333),
    ("out_time_us=N/A", None),
    ("out_time_us=-23220", None),
    ("out_time_ms=-577014:32:22.77", None),
    ("out_time_us=", None),
    ("out_time=00:00:01.500000", None),
    ("total_size=1500000", None),
    ("progress=continue", None),
    ("speed=1.2e+03x", None),
    ("", None),
    ("out_time_us=\u0661", None),
]


@pytest.mark.parametrize(("line", "seconds"), LINES)
def test_the_time_written_so_far(line: str, seconds: float | None) -> None:
    assert seconds_of(line) == seconds


@given(st.text())
def test_no_line_breaks_it(line: str) -> None:
    seconds = seconds_of(line)

    assert seconds is None or seconds >= 0


@given(st.integers(0, 10**15))
def test_every_time_is_read_as_microseconds(microseconds: int) -> None:
    assert seconds_of(f"out_time_us={microseconds}") == microseconds / 1_000_000
