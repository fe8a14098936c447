"""Limits of one job: a recording as long as the limit is taken, whatever its encoder added."""

import pytest

from audioprep.activities.attempt.media_limits import MediaLimits
from audioprep.jobs.errors import ErrorKind, PermanentError

PADDED = 30 * 60 + (2112 + 1024) / 8000  # seconds, with AAC's delay and its last frame at 8 kHz


@pytest.mark.parametrize("seconds", [0.0, 30 * 60, PADDED])
def test_half_an_hour_is_within_the_default_limit(seconds: float) -> None:
    MediaLimits().check_duration(seconds)


def test_a_second_more_is_over_it() -> None:
    with pytest.raises(PermanentError, match="longer than the limit of 30 minutes") as caught:
        MediaLimits().check_duration(30 * 60 + 1)

    assert caught.value.kind is ErrorKind.LIMIT_EXCEEDED
