"""Check of memory: is the limit enough for the slots?"""

from typing import Final

from audioprep.activities.process.memory import STEP, WORKER, YTDLP, fitting_runs, memory_limit
from audioprep.checks.finding import CheckWarning
from audioprep.settings import Settings

_MB: Final = 1024 * 1024


async def check_memory(settings: Settings) -> str:
    limit, steps = memory_limit(), settings.worker.activity_slots
    return verdict(limit, steps, settings.worker.ytdlp_runs or fitting_runs(limit, steps))


def verdict(limit: int | None, slots: int, runs: int = 1) -> str:
    """The limit as a sentence. Raises CheckWarning when it is less than the slots and runs of yt-dlp need."""
    if limit is None:
        return "no limit is set for this process"
    need = WORKER + slots * STEP + runs * YTDLP
    what = f"{slots} slots and {runs} downloads by yt-dlp at once"
    if limit < need:
        fewer = min(max((limit - WORKER - YTDLP) // STEP, 1), slots)
        raise CheckWarning(
            f"the limit of {limit // _MB} MB is less than {what} need, {need // _MB} MB:"
            f" raise it, or set {'AUDIOPREP_YTDLP_RUNS=1 and ' if runs > 1 else ''}AUDIOPREP_ACTIVITY_SLOTS={fewer}"
        )
    return f"the limit of {limit // _MB} MB is enough for {what}"
