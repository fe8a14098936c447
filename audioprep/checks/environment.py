"""Check of the environment: variables that look like settings and are none."""

from audioprep.checks.finding import CheckWarning
from audioprep.settings import Settings
from audioprep.settings.origins import unknown_names


async def check_names(_settings: Settings) -> str:
    """Raises CheckWarning that names each, with the setting that may be meant."""
    unknown = unknown_names()
    if unknown:
        each = [f"{name} ({f'{nearest}?' if nearest else 'nothing like it'})" for name, nearest in unknown.items()]
        raise CheckWarning(f"no setting has this name, and it is ignored: {', '.join(each)}")
    return "every AUDIOPREP_* and TURSO_* variable is a setting"
