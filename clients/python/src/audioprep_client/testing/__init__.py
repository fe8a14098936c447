"""A fake bridge for the tests of an app: rows pass through their real stages, without Temporal, ffmpeg and yt-dlp."""

from audioprep_client.testing.bridge import FakeBridge, migrate, running_fake
from audioprep_client.testing.schema import SCHEMA
from audioprep_client.testing.script import Behaviour, Script

__all__ = ["SCHEMA", "Behaviour", "FakeBridge", "Script", "migrate", "running_fake"]
