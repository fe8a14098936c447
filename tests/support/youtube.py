"""A `yt-dlp` whose YouTube answers with a made player response; everything else of it is the installed program.

The installed `YoutubeIE` chooses formats, words messages and fetches PO tokens from this response, and the installed
downloaders get the formats from a site of the test. Nothing leaves the machine.
"""

import json
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

VIDEO = "dQw4w9WgXcQ"
URL = f"https://www.youtube.com/watch?v={VIDEO}"

_PROGRAM = """#!{python}
import copy, json, sys
from pathlib import Path
import yt_dlp
from yt_dlp.extractor.youtube import YoutubeIE

here = Path(__file__).parent
case = json.loads((here / "case.json").read_text())
with (here / "runs.jsonl").open("a") as runs:
    runs.write(json.dumps(sys.argv[1:]) + "\\n")

def response(self, client, video_id, **_):
    made = copy.deepcopy(case["response"])
    if client != case["client"]:
        made.pop("streamingData", None)
    return made

YoutubeIE._download_initial_webpage = lambda *_, **__: None
YoutubeIE._download_initial_data = lambda *_, **__: {{}}
YoutubeIE._download_ytcfg = lambda *_, **__: {{}}
YoutubeIE._download_player_url = lambda *_, **__: None
YoutubeIE._extract_player_response = response
yt_dlp.main()
"""


@dataclass
class MadeYouTube:
    """The program in `folder`; `port` is of the site that serves the formats."""

    folder: Path
    port: int = 0
    client: str = "visionos"
    formats: list[dict[str, Any]] = field(default_factory=list)

    @property
    def program(self) -> Path:
        return self.folder / "yt-dlp"

    @property
    def runs(self) -> list[list[str]]:
        """The arguments of every run so far."""
        log = self.folder / "runs.jsonl"
        return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []

    def install(self) -> Path:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.program.write_text(_PROGRAM.format(python=sys.executable))
        self.program.chmod(0o755)
        return self.program

    def answers(self, status: str = "OK", reason: str = "", subreason: str = "", **more: Any) -> None:
        """What YouTube says of the recording from now on; `more` replaces parts of the response."""
        response = self.response(status, reason, subreason)
        case = {"client": self.client, "response": response | more}
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "case.json").write_text(json.dumps(case))

    def response(self, status: str = "OK", reason: str = "", subreason: str = "") -> dict[str, Any]:
        """A player response of this status, with the formats there are."""
        screen = {"playerErrorMessageRenderer": {"reason": _text(reason), "subreason": _text(subreason)}}
        playability = {"status": status, **({"reason": reason, "errorScreen": screen} if reason else {})}
        return {
            "playabilityStatus": playability,
            "videoDetails": {"videoId": VIDEO, "title": "A title", "lengthSeconds": "3", "channelId": "UC" + "x" * 22},
            "streamingData": {"adaptiveFormats": self.formats},
        }

    def sound(self, itag: int, name: str, codec: str = "mp4a.40.2", **more: Any) -> dict[str, Any]:
        """A format of sound alone, to be had as `/file/{name}` of the site; `language` names its track."""
        language = more.pop("language", None)
        track = {"audioTrack": {"id": f"{language[0]}.4", "displayName": language[1]}} if language else {}
        return {
            "itag": itag,
            "url": f"http://127.0.0.1:{self.port}/file/{name}",
            "mimeType": f'audio/{"webm" if codec == "opus" else "mp4"}; codecs="{codec}"',
            "bitrate": 128_000,
            "approxDurationMs": "3000",
            "audioQuality": "AUDIO_QUALITY_MEDIUM",
            "quality": "tiny",
            **track,
            **more,
        }


def _text(words: str) -> dict[str, str]:
    return {"simpleText": words}
