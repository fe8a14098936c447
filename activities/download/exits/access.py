"""What the operator lets yt-dlp use at sites: exits, cookies, extractor arguments, plugins. Rows set none of it."""

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final

from audioprep.activities.download.exits.exit import Exit
from audioprep.jobs.text.hosts import YOUTUBE_HOSTS, is_under

OWN_LINE: Final = (Exit(),)


class CookiesWhen(StrEnum):
    """When a run has the operator's cookies."""

    NEEDED = "needed"  # once the site has asked for an account, or for proof that this server is no bot
    ALWAYS = "always"


@dataclass(frozen=True, slots=True)
class SiteAccess:
    """Empty by default: the worker's own line, no account, nothing that is not in yt-dlp."""

    exits: tuple[Exit, ...] = ()
    exit_hosts: frozenset[str] = frozenset(YOUTUBE_HOSTS)
    cookies: Path | None = None
    cookies_when: CookiesWhen = CookiesWhen.NEEDED
    extractor_args: tuple[str, ...] = field(default=(), repr=False)
    plugins: Path | None = None
    updates: Path | None = None  # where newer versions of yt-dlp are kept

    def exits_for(self, host: str) -> tuple[Exit, ...]:
        """By the job's own URL, never by connection: an attempt leaves by one exit as a whole."""
        name = host.rstrip(".").lower()
        return self.exits if self.exits and any(is_under(name, each) for each in self.exit_hosts) else OWN_LINE
