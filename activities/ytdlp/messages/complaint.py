"""yt-dlp's stderr, parsed: the line that is the error, its warnings, and the words that are yt-dlp's own. Pure.

A message holds what others wrote: URLs, hosts, ids, quoted names, a server's reason phrase. A pattern that meets one of
these says nothing about the recording, so they are cut out before anything is matched.
"""

import re
from dataclasses import dataclass
from typing import Final

_MAX_MESSAGE: Final = 2000  # characters of a message that are looked at
_MAX_WARNINGS: Final = 10
_ERROR: Final = "ERROR: "
_WARNING: Final = "WARNING: "

_OUR_DOING: Final = "ffmpeg-location "  # it is never to find one

_SPEAKER: Final = re.compile(r"\[[^\]\n]{1,60}\] ?")
# The id of a recording, up to the first colon. Words that begin a message of yt-dlp's own are no id.
_ID: Final = re.compile(
    r"(?!(?:unable to|failed to|could not|cannot|got |http error|\w{1,40} (?:said|says)|invalid|unsupported|login)\b)"
    r"[^\n]{1,300}?: (?=\S)",
    re.IGNORECASE,
)
_CAUSE: Final = re.compile(r" ?\(caused by .*", re.DOTALL)
_BUG_REPORT: Final = re.compile(r"[;.,]? ?please report this issue on\b.*", re.DOTALL | re.IGNORECASE)
_LOGIN_HINT: Final = re.compile(
    r"(?:or else )?\buse --(?:cookies|username|netrc)\b.*"
    r"|\bYou may want to use --cookies\b.*|\bpass cookie(?:s| file)\b.*|\bUse --cookies\b.*",
    re.DOTALL | re.IGNORECASE,
)
_VPN_HINT: Final = re.compile(r"\(?you might want to (?:use|try) a VPN or a proxy[^\n]*", re.IGNORECASE)
_ADVICE: Final = re.compile(
    r"\b(?:See|For more information,? (?:see|refer to)) +https?://\S.*", re.DOTALL | re.IGNORECASE
)
_REASON: Final = re.compile(r"(HTTP Error \d{3}): [^()\n]*")
# What follows is the line itself, with its value.
_COOKIE_LINE: Final = re.compile(r"((?:invalid Netscape format cookies|skipping cookie) file).*", re.IGNORECASE)
_URL: Final = re.compile(r"\b[a-z][a-z0-9+.-]{1,20}://\S+", re.IGNORECASE)
_QUOTED: Final = re.compile(r"(?<!\w)(?:'[^'\n]{0,300}'|\"[^\"\n]{0,300}\"|\u201c[^\u201d\n]{0,300}\u201d)(?!\w)")
_STATUS: Final = re.compile(r"(?:HTTP Error|tunnel connection failed:) (\d{3})\b|\bwebpage: (\d{3}) - ", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Complaint:
    """What yt-dlp said when it failed."""

    error: str  # the message as it came, with the lines that follow it
    warnings: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """The message in yt-dlp's and the site's words, without what names something."""
        text = self.error.removeprefix(_ERROR).lstrip("\r ")
        text, speakers = _SPEAKER.subn("", text, count=1) if text.startswith("[") else (text, 0)
        text = _ID.sub("", text, count=1) if speakers else text
        for pattern in (_CAUSE, _BUG_REPORT, _VPN_HINT, _LOGIN_HINT, _ADVICE):
            text = pattern.sub("", text)
        text = _QUOTED.sub("", _URL.sub("", _REASON.sub(r"\1", text)))
        return " ".join(text.replace("\u2019", "'").split())

    @property
    def transport(self) -> str:
        """The whole message: what it names is looked at only when its words say nothing."""
        return _QUOTED.sub("", _URL.sub("", self.error))

    @property
    def status(self) -> int | None:
        """The HTTP status of the request that failed."""
        found = _STATUS.search(self.error)
        return int(found[1] or found[2]) if found else None

    @property
    def wants_login(self) -> bool:
        """yt-dlp hints at cookies or a password."""
        return _LOGIN_HINT.search(self.error) is not None

    @property
    def wants_elsewhere(self) -> bool:
        """yt-dlp hints at a VPN: it has found the recording to be blocked in a country."""
        return _VPN_HINT.search(self.error) is not None


def parse_stderr(text: str) -> Complaint:
    """The last line that begins with `ERROR:`, with the lines up to the next message; else the last line of all."""
    messages = _messages(text)
    errors = [message for message in messages if message.startswith(_ERROR)]
    others = [line for line in text.splitlines() if line.strip() and not line.startswith(_WARNING)]
    warnings = [message.removeprefix(_WARNING).rstrip() for message in messages if message.startswith(_WARNING)]
    told = (warning for warning in warnings if not warning.startswith(_OUR_DOING))
    last = errors or others or ["no message"]
    return Complaint(last[-1].strip()[:_MAX_MESSAGE], tuple(dict.fromkeys(told))[:_MAX_WARNINGS])


def _messages(text: str) -> list[str]:
    """Each with the lines that follow it: some messages have several."""
    messages: list[str] = []
    for line in text.replace("\r\n", "\n").split("\n"):
        line = _COOKIE_LINE.sub(r"\1", line)
        if line.startswith((_ERROR, _WARNING)) or not messages:
            messages.append(line[:_MAX_MESSAGE])
        else:
            messages[-1] = f"{messages[-1]}\n{line}"[:_MAX_MESSAGE]
    return messages
