"""A script of YouTube's size for deno, and a plugin by which the image's own yt-dlp gets it from a site of the test.

The solver that yt-dlp gives to deno reads the whole script, finds the function that answers the challenge, writes all
of it anew, and runs it: what YouTube's own player costs, on a script of the same size and structure.
"""

import json
from pathlib import Path
from typing import Any, Final

from tests.support.youtube import MadeYouTube

# The client of yt-dlp that has to answer a challenge and needs no token; by AUDIOPREP_YTDLP_EXTRACTOR_ARGS.
EXTRACTOR_ARGS: Final = "youtube:player_client=tv"
CHALLENGE: Final = "abcdefgh"
SCRIPT: Final = "s/player/01234567/tv-player-ias.vflset/tv-player-ias.js"
_SCRIPT_BYTES: Final = 2_800_000  # YouTube's has 2.5 to 3 MB

_OPENING = """var _made={};(function(g){var window=this;
function Link(a){this.url=new URL(a)}
Link.prototype.get=function(a){return this.url.searchParams.get(a)};
Link.prototype.set=function(a,b){this.url.searchParams.set(a,b)};
Link.prototype.clone=function(){return this};
Link.prototype.turn=function(){this.set("n",this.get("n").split("").reverse().join(""))};
g.answer=function(a,b,c){a=new Link(a);a.set("alr","yes");c&&a.set(b,decodeURIComponent(c));return a};
"""
_FILLING = (
    "g.f{0}=function(a,b,c){{if(a.state!=={0}){{for(var d=0,e=[];d<b.length;d++)e.push(b[d].id||'k{0}');"
    'a.emit("change{0}",{{items:e,at:c?c.now():-1,flags:[!0,!1,{0}]}})}}return a.next?a.next(b,c):null}};\n'
)

_PLUGIN = """import copy, json
from yt_dlp.extractor.youtube import YoutubeIE

CASE = json.loads({case!r})

class MadeYoutubeIE(YoutubeIE, plugin_name="made"):
    def _download_initial_webpage(self, *_, **__): return None
    def _download_initial_data(self, *_, **__): return {{}}
    def _download_ytcfg(self, *_, **__): return {{}}
    def _extract_player_url(self, *_, **__): return CASE["player"]
    def _extract_player_response(self, *_, **__): return copy.deepcopy(CASE["response"])
"""


def make_script(folder: Path) -> Path:
    """In the folder of a site that gives it as `/file/` and its path."""
    path = folder / SCRIPT
    path.parent.mkdir(parents=True, exist_ok=True)
    count = _SCRIPT_BYTES // len(_FILLING.format(10_000))
    path.write_text(_OPENING + "".join(map(_FILLING.format, range(count))) + "})(_made);\n")
    return path


def make_plugin(folder: Path, made: MadeYouTube) -> Path:
    """A folder for AUDIOPREP_YTDLP_PLUGINS: YouTube says of every recording what `made` says."""
    case: dict[str, Any] = {
        "player": f"http://127.0.0.1:{made.port}/file/{SCRIPT}",
        "response": made.response(),
    }
    path = folder / "made" / "yt_dlp_plugins" / "extractor" / "made.py"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(_PLUGIN.format(case=json.dumps(case)))
    return folder
