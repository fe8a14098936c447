"""Is this machine's clock right? Deadlines of rows go by it, and storage refuses what was signed far off."""

import time

from libsql_client import Client

_NOW = "SELECT (julianday('now') - 2440587.5) * 86400.0"
_TOLERATED = 5.0  # seconds


async def clock_skew(database: Client) -> float:
    """Seconds that our clock is ahead of the database server's, within half a round trip."""
    before = time.time()
    result = await database.execute(_NOW)
    theirs = result.rows[0][0]
    return (before + time.time()) / 2 - float(str(theirs))


def judged(skew: float) -> str:
    """The skew as a sentence. Raises RuntimeError when it is too much."""
    if abs(skew) > _TOLERATED:
        direction = "ahead of" if skew > 0 else "behind"
        raise RuntimeError(
            f"this machine's clock is {abs(skew):.0f} s {direction} the database's: turn on time synchronisation"
        )
    return f"within {_TOLERATED:g} s of the database's"
