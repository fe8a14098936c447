"""What passed through the egress proxy during one run of yt-dlp, and what did not."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(slots=True)
class Traffic:
    """What the proxy has seen."""

    budget: int  # bytes that may still come in
    refused: str | None = None  # the first host whose address the policy forbids
    unreachable: str | None = None  # the last host that could not be connected to
    retry_after: timedelta | None = None  # of the last plain HTTP answer that named one: TLS is opaque to us

    @property
    def exhausted(self) -> bool:
        return self.budget <= 0
