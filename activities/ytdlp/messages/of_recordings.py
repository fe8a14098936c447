"""Messages about a recording, in order: the first that matches counts. Pure data."""

from typing import Final

from audioprep.activities.ytdlp.messages.meaning import LOGIN, NOT_FOUND, later, never
from audioprep.jobs.errors import ErrorKind

ELSEWHERE: Final = "The recording is not available in the country this server is in."

# What a site says of a recording.
OF_RECORDINGS: Final = (
    never(
        ErrorKind.UNSUPPORTED_MEDIA,
        "The site sends the recording in a form that is not supported.",
        r"unusual and will be skipped|live dash videos|ffmpeg could not be found|initialization fragment found",
        r"unsupported url scheme|rtmp|unsupported drm|pycryptodomex|phantomjs",
    ),
    never(
        ErrorKind.SITE_CHANGED,
        "yt-dlp does not take an option that the operator has set. The operator has to look.",
        r"unsupported (?:language code|api client)|invalid (?:netrc machine|comments_sort_by|extractor.arg)",
        r"login with oauth|login using username and password|client only works|client is unable to fetch new",
        r"not a valid api selection|invalid backend value|access token passed to yt-dlp",
        r"if you are not downloading private content",
    ),
    never(
        ErrorKind.UNSUPPORTED_MEDIA,
        NOT_FOUND,
        r"unsupported url|no video formats found|requested format is not available|no suitable extractor",
    ),
    never(
        ErrorKind.SOURCE_MISSING,
        "The recording has been removed or is not available.",
        r"(?:been|was|were) (?:removed|deleted|terminated|taken down)|removed for violating",
        r"closed their .{0,20}account",
    ),
    never(ErrorKind.REFUSED, ELSEWHERE, r"this (?:video|content) is available in .{2,40} only"),
    never(
        ErrorKind.REFUSED,
        ELSEWHERE,
        r"geo.?(?:restrict|block)|(?:in|from|to) (?:your|this) (?:country|location|region)|country domain|vpn/proxy",
        r"only licensed to|licensing restrictions|available in .{2,40} only|only available in [A-Z]|language edition",
        r"blocked by decision|your location",
    ),
    never(
        ErrorKind.REFUSED, LOGIN, r"user ?name (?:and/or|and|or) password|username/password|invalid (?:login|username)"
    ),
    never(
        ErrorKind.REFUSED,
        "The recording is protected by a password.",
        r"protected by a pass(?:word|code)|password.protected|video.password",
        r"(?:wrong|incorrect|invalid) (?:video )?pass",
    ),
    never(
        ErrorKind.REFUSED,
        "The recording is for members of its channel only.",
        r"members.only|members on level|join this channel|for (?:its |channel )?members\b|supporter-only",
        r"available for members|only available for \w+ members|follow this account|patrons",
        account=True,
    ),
    never(
        ErrorKind.REFUSED,
        "The recording is for paying users only.",
        r"requires? (?:a )?(?:payment|purchase|subscription|premium|ticket|rental)|premium|subscri(?:ber|ption)",
        r"content requires an? \w",
        r"purchase|not subscribed|\bis paid\b|pay for it|not free|\btickets?\b|tv provider|is locked|contents locked",
        account=True,
    ),
    never(
        ErrorKind.REFUSED,
        "The recording is private.",
        r"private (?:video|vod|playlist|favou?rites|post|subreddit|show)|\bis (?:likely )?(?:either )?private",
        r"(?:video|playlist|vod|recording|account) is private|protected tweet",
        account=True,
    ),
    never(
        ErrorKind.REFUSED,
        "The recording is age-restricted and cannot be fetched without a login.",
        r"confirm your age|age.?(?:restricted|verif)|inappropriate for some users|adult verif|\bnsfw\b|older than \d",
        r"comfortable for some audiences|sensitive content|only available after \d",
        account=True,
    ),
    never(
        ErrorKind.SOURCE_MISSING,
        "The live stream has ended. If its recording is published, it can be fetched some hours later.",
        r"(?:event|stream|broadcast|live|space) (?:was |has |have )?ended|archive will be available",
    ),
    never(
        ErrorKind.SOURCE_MISSING,
        "The recording has not been published yet.",
        r"premieres? (?:in|will)|will (?:begin|start|be available)|scheduled (?:for|to)",
        r"(?:not|not yet) (?:yet )?started",
        r"upcoming|not (?:yet )?available yet|not yet available|processing|check back later|release date|too new",
    ),
    never(
        ErrorKind.SOURCE_MISSING,
        "The channel is not live now.",
        r"not (?:currently )?(?:live|on.?air)|cannot find on.?air|\bis (?:now )?offline|auto-playing",
    ),
    never(ErrorKind.UNSUPPORTED_MEDIA, "The recording is protected by DRM.", r"\bDRM\b"),
    never(
        ErrorKind.REFUSED,
        LOGIN,
        r"log.?in required|requir\w{1,4} (?:a )?(?:login|log.?in|authentication)|login (?:details|is required)",
        r"sign.?in|\blog.?in\b|logged.?in(?:to)?\b|registered users|requires authentication|account is needed",
        r"account authentication|not authorized|authentication may be needed",
        r"authorization lost|tokens? ha(?:s|ve)|required cookies|cookies are required|auth token|opted in is required",
        r"account info with provided cookies",
        account=True,
    ),
    never(
        ErrorKind.SOURCE_MISSING,
        "The recording has been removed or is not available.",
        r"\b(?:is|are|was|currently)? ?unavailable|(?:un|not |no longer |n't )available|in no longer|no longer exists",
        r"has been removed|deleted|terminated|does(?:n't| not) exist|\bnot found\b|no such|expired|closed",
        r"can't be accessed|inaccessible|unreachable content|content is unreachable|unviewable|unplayable|copyright",
        r"no .{1,40} with id .{1,60} exists",
        r"unable to (?:view|access)|couldn't be found|not archived|does not have a .{1,40} tab",
    ),
    never(
        ErrorKind.INVALID_PAYLOAD,
        "The URL is cut off, or is not one of a recording.",
        r"looks truncated|forget to quote|without video id|missing (?:a|an) .{1,30} id|blob url|no \w{1,30} in url",
        r"invalid (?:query tags|area)|table of contents for this url|use that link to download",
        r"url of the embedding webpage",
    ),
    never(
        ErrorKind.INVALID_PAYLOAD,
        "The URL is not one that yt-dlp can read.",
        r"not a valid url|\binvalid (?:[\w ]{1,30} )?url",
    ),
    never(
        ErrorKind.REFUSED,
        "The site gives the recording only to its own pages or apps.",
        r"embed.only|playback on other websites|app-only|referer",
    ),
    never(
        ErrorKind.REFUSED,
        "The site restricts who may have the recording.",
        r"restricted|administrator|not been made available|do(?:es)? not have (?:access|permission)|forbidden|piracy",
        r"your account does not have|not have access",
    ),
    never(
        ErrorKind.UNSUPPORTED_MEDIA,
        NOT_FOUND,
        r"\bno (?:.{0,30} )?(?:media|videos?|sound|audio|songs?|tracks?|sources|downloads|streams?)\b",
        r"recognize tab page",
        r"(?:is|are) not a (?:video|file)|\bnot a video|not (?:contain|have) (?:a|any) (?:video|audio|track)",
        r"not a podcast",
        r"(?:doesn't|does not) contain|not have any videos|embeds are not supported|only video extraction",
        r"could ?n.t find (?:video|the playlist)|not supported and will not be|is not supported$",
        r"could not find (?:video|the playlist)|no chapters found|none of embed providers|neither archive nor live",
    ),
)
# In the site's own name, and not one of the above: what it says is final unless it speaks of a fault of its own.
OF_SITE: Final = (
    later(
        ErrorKind.NETWORK,
        "{site} could not answer: it reports a fault of its own.",
        r"^.{1,60} (?:said|says|returned error):.*(?:internal|server.?(?:side|error)|temporar|try again|time.?out"
        r"|overload|maintenance|unknown error)",
    ),
    never(
        ErrorKind.REFUSED,
        "{site} refuses to give out the recording.",
        r"^.{1,60} (?:said|says|returned error): ",
    ),
)
