"""Every setting, with unit and default. Read once at the edge and passed down: nothing else reads the environment.

One file for each group; `groups.py` has them all.
"""

from audioprep.settings.groups import Settings, SettingsError

__all__ = ["Settings", "SettingsError"]
