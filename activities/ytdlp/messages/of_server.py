"""Messages about the download, this server and the connection, in order: the first that matches counts. Pure data."""

from typing import Final

from audioprep.activities.ytdlp.messages.meaning import LOGIN, later, never
from audioprep.jobs.errors import ErrorKind

NO_SOUND: Final = "{site} gave this server no sound that it can fetch. The operator has to look."

# Of the download itself, and what a site says of this server: it comes before what HTTP says of the request.
OF_SERVER: Final = (
    later(ErrorKind.NETWORK, "A part of the recording is missing at the site.", r"fragment \d+ not found"),
    later(
        ErrorKind.NETWORK,
        "The recording did not come whole.",
        r"did not get any data blocks|content too short|downloaded file is empty|incomplete data received",
    ),
    later(
        ErrorKind.STORAGE,
        "The download could not be written: the worker's disk is full or read-only.",
        r"no space left|disk quota|unable to (?:open for writing|write data|create directory|rename file)",
    ),
    later(
        ErrorKind.NETWORK,
        "{site} could not answer: it reports a fault of its own.",
        r"service temporarily unavailable|error on server-side|internal server error",
    ),
    never(
        ErrorKind.BOT_CHECK,
        "YouTube asks this server to confirm that it is not a bot: download the recording yourself and upload it.",
        r"not a bot|captcha|your ip is likely being blocked|unusual traffic",
        youtube=True,
    ),
    never(
        ErrorKind.BOT_CHECK,
        "YouTube asks this server to sign in: download the recording yourself and upload it.",
        r"^please sign in\.?$",
        youtube=True,
        account=True,
    ),
    never(
        ErrorKind.BOT_CHECK,
        "{site} takes this server for a bot: download the recording yourself and upload it.",
        r"not a bot|captcha|anti-?bot|suspected as a bot|requests automated|tls fingerprint|impersonat",
        r"your ip(?: address)? (?:is|may be|has been) (?:likely )?(?:being )?(?:blocked|banned|unable)",
        r"data.?cent(?:er|re) ip|request is (?:blocked|rejected) by server|unusual traffic|cookies \(not necessarily",
    ),
    never(
        ErrorKind.SITE_LIMIT,
        "{site} limits this server for up to an hour: try again later.",
        r"isn't available, try again later|rate.?limit|too many requests",
        youtube=True,
    ),
    never(ErrorKind.REFUSED, LOGIN, r"rate.?limit reached or login required", account=True),
    never(
        ErrorKind.SITE_LIMIT,
        "{site} limits how often this server may ask: try again later.",
        r"rate.?limit|exceeded the .{0,20}limit|play limit",
    ),
)
OF_YOUTUBE_PLAYER: Final = (
    later(
        ErrorKind.SITE_CHANGED,
        "YouTube asked for its page to be loaded again. If this goes on, the operator has to look.",
        r"page needs to be reloaded",
        youtube=True,
    ),
    never(
        ErrorKind.SITE_CHANGED,
        NO_SOUND,
        r"no video formats found|requested format is not available|not available on this app|error code: \d{3}\b",
        r"playback on other websites has been disabled|made for kids and cannot be played|latest version of youtube",
        r"no player clients have been requested",
        youtube=True,
    ),
)
OF_TRANSPORT: Final = (
    later(
        ErrorKind.NETWORK,
        "The site's name could not be resolved.",
        r"failed to resolve|name or service|name resolution|getaddrinfo",
    ),
    never(
        ErrorKind.REFUSED,
        "The site has no valid TLS certificate.",
        r"certificate.?verif|certificate (?:has expired|is not valid)|hostname mismatch|self.signed certificate",
    ),
    later(ErrorKind.NETWORK, "The recording did not come whole.", r"incompleteread"),
    later(
        ErrorKind.NETWORK,
        "The connection to the site failed or broke off.",
        r"timed out|refused|reset|remote end closed|more expected|broken pipe|unable to connect|network error",
        r"tunnel connection|transporterror|proxyerror|sslerror|ssl:|unreachable|no route|failed to establish",
        r"unable to download|connection (?:aborted|broken)|temporarily unavailable|error on server-side|receiving data",
    ),
    later(
        ErrorKind.SITE_CHANGED,
        "{site} answered in a way that yt-dlp does not understand. If this goes on, the operator has to look.",
        r"unable to extract|unexpected response|failed to (?:extract|parse)|player response|failed to get",
        r"infinite loop|different device_id|can ?not (?:get|extract)|reading .{1,30} failed|failed to retrieve",
        r"returned empty|unknown .{1,30} status|error while getting|\b(?:api|generic) error\b",
    ),
)
