"""Check of the operator's cookie file: readable, of the right form, and not about to expire."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from audioprep.activities.ytdlp.cookies import Cookie, read_cookies
from audioprep.checks.finding import CheckWarning
from audioprep.jobs.text.hosts import YOUTUBE_HOSTS, is_under
from audioprep.jobs.timestamps import utc_now
from audioprep.settings import Settings

_LOGIN: Final = frozenset({"LOGIN_INFO", "SAPISID", "__Secure-1PAPISID", "__Secure-3PAPISID"})  # what yt-dlp logs in by
_SOON: Final = timedelta(days=14)
_EXPORT: Final = "export it anew from a private window that you close right after (docs/youtube.md)"


async def check_cookies(settings: Settings) -> str:
    file = settings.sites.ytdlp_cookies
    if file is None:
        return "no cookie file is set"
    try:
        cookies = await asyncio.to_thread(read_cookies, file)
    except OSError as error:
        raise RuntimeError(f"AUDIOPREP_YTDLP_COOKIES: {file} cannot be read: {error.strerror}") from None
    return verdict(file, cookies, utc_now())


def verdict(file: Path, cookies: list[Cookie], now: datetime) -> str:
    """What is said of the cookies. Raises RuntimeError for a file without any, CheckWarning for an end that is near."""
    if not cookies:
        raise RuntimeError(
            f"AUDIOPREP_YTDLP_COOKIES: {file} has no cookie in Netscape's form (not JSON): {_EXPORT}, as cookies.txt"
        )
    youtube = [cookie for cookie in cookies if is_under(cookie.domain, YOUTUBE_HOSTS[0])]
    login = [cookie for cookie in youtube if cookie.name in _LOGIN]
    if youtube and not login:
        raise CheckWarning(f"{file} has cookies of YouTube, but of no login: log in, then {_EXPORT}")
    expiries = [cookie.expires for cookie in login if cookie.expires]
    count = f"{file.name}: cookies of {len({cookie.domain for cookie in cookies})} domains"
    if not expiries:
        return f"{count}, {'of a login at YouTube that ends with its session' if login else 'none of YouTube'}"
    return f"{count}, YouTube's login until {_still_valid(file, min(expiries), now)}"


def _still_valid(file: Path, expires: int, now: datetime) -> str:
    end = datetime.fromtimestamp(expires, UTC)
    day = f"{end:%Y-%m-%d}"
    if end <= now:
        raise CheckWarning(f"YouTube's login in {file} has expired on {day}: {_EXPORT}")
    if end - now < _SOON:
        raise CheckWarning(f"YouTube's login in {file} expires on {day}, in {(end - now).days} days: {_EXPORT}")
    return day
