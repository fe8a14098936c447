"""All checks of a role, each on its own."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, Literal

from audioprep.bridge.database.errors import DatabaseError
from audioprep.checks.cookies import check_cookies
from audioprep.checks.database import (
    NoDatabaseFile,
    check_bridges,
    check_clock,
    check_database,
    check_pauses,
    check_retention,
    check_types,
)
from audioprep.checks.environment import check_names
from audioprep.checks.finding import CheckResult, CheckWarning
from audioprep.checks.many import check_each
from audioprep.checks.memory import check_memory
from audioprep.checks.programs import check_ffmpeg, check_javascript, check_ytdlp
from audioprep.checks.storage import check_storage
from audioprep.checks.temporal import check_queue, check_temporal
from audioprep.jobs.errors import JobError
from audioprep.jobs.text.redaction import scrub
from audioprep.settings import Settings

_TIMEOUT = 15.0  # seconds for one check

Check = Callable[[Settings], Awaitable[str]]
CheckedRole = Literal["all", "bridge", "worker"]


_BRIDGE: Final[dict[str, Check]] = {
    "database": check_database,
    "types": check_types,
    "bridges": check_bridges,
    "pauses": check_pauses,
    "retention": check_retention,
    "clock": check_clock,
    "queue": check_queue,
}
_BOTH: Final[dict[str, Check]] = {"temporal": check_temporal, "settings": check_names}
_WORKER: Final[dict[str, Check]] = {
    "storage": check_storage,
    "ffmpeg": check_ffmpeg,
    "yt-dlp": check_ytdlp,
    "javascript": check_javascript,
    "cookies": check_cookies,
    "memory": check_memory,
}
_CHECKS: Final[dict[CheckedRole, dict[str, Check]]] = {
    "all": _BRIDGE | _BOTH | _WORKER,
    "bridge": _BRIDGE | _BOTH,
    "worker": _BOTH | _WORKER,
}


_OF_EACH: Final = ("database", "types", "bridges", "pauses", "retention", "clock")  # of many databases


async def check_all(settings: Settings, role: CheckedRole = "all") -> list[CheckResult]:
    """Every check of the role; one that fails does not keep the others from running.

    Where a bridge serves many databases, each of them is checked; jobs of other tables on the task queue are not
    looked for then.
    """
    checks, of_each = _CHECKS[role], list[CheckResult]()
    if settings.databases.are_many and "database" in checks:
        checks = {subject: check for subject, check in checks.items() if subject not in _BRIDGE}
        of_each = await check_each(settings, _OF_EACH, lambda subject, one: _find(subject, _BRIDGE[subject], one))
    found = await asyncio.gather(*(_find(subject, check, settings) for subject, check in checks.items()))
    return [*of_each, *found]


async def _find(subject: str, check: Check, settings: Settings) -> CheckResult:
    try:
        async with asyncio.timeout(_TIMEOUT):
            return CheckResult(subject, True, await check(settings))
    except CheckWarning as advice:
        return CheckResult(subject, True, str(advice), warning=True)
    except NoDatabaseFile as error:
        own = subject == "database"
        return CheckResult(subject, not own, str(error) if own else "see database", warning=not own)
    except TimeoutError:
        return CheckResult(subject, False, f"gave no answer within {_TIMEOUT:g} s")
    except (DatabaseError, JobError, RuntimeError, ValueError, OSError) as error:
        return CheckResult(subject, False, scrub(" ".join(str(error).split())) or type(error).__name__)
