"""What sqld counts by itself: rows scanned and written, which is Turso's bill, and requests."""

import json
import re
from dataclasses import dataclass
from typing import Self

from benchmarks.pages import page


@dataclass(frozen=True, slots=True)
class Counters:
    """Since the server started, or between two looks."""

    read: int
    written: int
    requests: int

    def __sub__(self, earlier: Self) -> "Counters":
        return Counters(self.read - earlier.read, self.written - earlier.written, self.requests - earlier.requests)


def counters(admin: str) -> Counters:
    """As of now. `admin` is the URL of sqld's admin listener."""
    stats = json.loads(page(f"{admin}/v1/namespaces/default/stats"))
    answered = re.findall(r"^libsql_server_user_http_response\S* (\d+)$", page(f"{admin}/metrics"), re.MULTILINE)
    return Counters(stats["rows_read_count"], stats["rows_written_count"], max(map(int, answered), default=0))
