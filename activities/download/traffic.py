"""What passed through the egress proxy during one run of yt-dlp, and what did not."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from audioprep.activities.attempt.transfer_rate import RateWindow

SILENCE: Final = 20.0  # seconds after which yt-dlp no longer waits for an answer: its `--socket-timeout`


@dataclass(slots=True)
class Traffic:
    """What the proxy has seen. `rate` runs on the seconds in which bytes pass: yt-dlp also computes."""

    budget: int  # bytes that may still come in
    rate: RateWindow | None = None
    refused: str | None = None  # the first host whose address the policy forbids
    unreachable: str | None = None  # the last host that could not be connected to
    slow: str | None = None  # the host that sent when the run came under its least rate
    retry_after: timedelta | None = None  # of the last plain HTTP answer that named one: TLS is opaque to us
    _active: float = field(default=0.0, init=False)  # seconds
    _last: float | None = field(default=None, init=False)

    @property
    def exhausted(self) -> bool:
        return self.budget <= 0

    @property
    def over(self) -> bool:
        """Nothing more may pass: the run has failed, whatever yt-dlp makes of it."""
        return self.exhausted or self.slow is not None

    def sent(self, now: float) -> None:
        """Bytes went out, and an answer may be due from now on."""
        if self._last is not None:
            self._active += min(now - self._last, SILENCE)
        self._last = now

    def came(self, count: int, host: str, now: float) -> None:
        """`count` bytes came in from `host`."""
        self.sent(now)
        self.budget -= count
        if self.rate is None:
            return
        self.rate.add(count, self._active)
        if self.rate.deadline is not None and self._active > self.rate.deadline:
            self.slow = self.slow or host
