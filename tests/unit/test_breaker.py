"""Breaker of a source: the decision, the length of its pauses, and its settings."""

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from audioprep.bridge.store.queue.circuit import BreakerRules, Circuit, Move, next_move
from audioprep.settings.bridge import BreakerSettings

NOW = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("until", "trial", "status", "kind", "move"),
    [
        pytest.param(NOW + MINUTE, "", None, None, Move.WAIT, id="before the end of a pause nothing tries"),
        pytest.param(NOW, "", None, None, Move.TRY, id="at its end a row tries"),
        pytest.param(NOW, "job", "processing", None, Move.WAIT, id="while one tries no other does"),
        pytest.param(NOW, "job", "complete", None, Move.LIFT, id="success lifts the pause"),
        pytest.param(NOW, "job", "failed", "BotCheck", Move.RENEW, id="a bot check renews it"),
        pytest.param(NOW, "job", "failed", "SiteLimit", Move.RENEW, id="a rate limit renews it"),
        pytest.param(NOW, "job", "failed", "SourceMissing", Move.PASS_ON, id="another failure says nothing"),
        pytest.param(NOW, "job", "failed", None, Move.PASS_ON, id="a failure without a kind says nothing"),
        pytest.param(NOW, "job", "cancelled", None, Move.PASS_ON, id="a cancel says nothing"),
        pytest.param(NOW, "job", None, None, Move.PASS_ON, id="a row that was deleted says nothing"),
    ],
)
def test_next_move(until: datetime, trial: str, status: str | None, kind: str | None, move: Move) -> None:
    assert next_move(Circuit(NOW - MINUTE, until, trial, status, kind), NOW) is move


def test_pauses_double_up_to_the_longest() -> None:
    rules = BreakerRules(3, pause=30 * MINUTE, longest=100 * MINUTE)
    pauses = [rules.pause]
    for _ in range(3):
        pauses.append(rules.next_pause(pauses[-1]))

    assert pauses == [30 * MINUTE, 60 * MINUTE, 100 * MINUTE, 100 * MINUTE]
    assert rules.next_pause(MINUTE) == 30 * MINUTE


def test_it_is_off_by_default() -> None:
    assert not BreakerSettings().rules
    assert not BreakerRules()


def test_the_longest_pause_is_not_the_shorter_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUDIOPREP_BREAKER_MAX_PAUSE", "60")

    with pytest.raises(ValidationError, match="AUDIOPREP_BREAKER_MAX_PAUSE is shorter"):
        BreakerSettings()
