"""A row of the tables of messages: a pattern, and what a message that matches means for the job.

Patterns are matched against `Complaint.words`, from which foreign words have been cut. In sentences `{site}` is the
site's name.
"""

import re
from typing import Final, NamedTuple

from audioprep.jobs.errors import ErrorKind, JobError, PermanentError, TransientError

LOGIN: Final = "The site gives the recording only to users who are logged in."
NOT_FOUND: Final = "The page has no recording that yt-dlp can find."


class Meaning(NamedTuple):
    """What a message that matches means for the job."""

    pattern: re.Pattern[str]
    error: type[JobError]
    kind: ErrorKind
    sentence: str
    youtube: bool = False  # of YouTube only
    account: bool = False  # with an account of the operator's it may be had


def never(kind: ErrorKind, sentence: str, *patterns: str, youtube: bool = False, account: bool = False) -> Meaning:
    """It will not pass: the job fails at once."""
    return Meaning(re.compile("|".join(patterns), re.IGNORECASE), PermanentError, kind, sentence, youtube, account)


def later(kind: ErrorKind, sentence: str, *patterns: str, youtube: bool = False) -> Meaning:
    """It may pass: the step is tried again."""
    return Meaning(re.compile("|".join(patterns), re.IGNORECASE), TransientError, kind, sentence, youtube)
