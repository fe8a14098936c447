"""URLs: every way to spell an address that is not the public internet, and every way to spell a URL that is none."""

from collections.abc import Iterator
from pathlib import Path

from temporalio.testing import ActivityEnvironment

from audioprep.activities.attempt.context import AttemptContext
from audioprep.activities.attempt.files import DownloadedFile
from audioprep.activities.attempt.media_limits import MediaLimits
from audioprep.activities.download.address_policy import AddressPolicy, NetworkRules
from audioprep.activities.download.http_download import Downloader
from audioprep.activities.ytdlp.client import YtDlp
from audioprep.jobs.status import Stage
from tests.hostile.case import Arena, Attack, Case, Expect

# All mean the forbidden service on 127.0.0.2, or something else that is not public. {port} is the service's.
HOSTS = (
    *("127.0.0.2", "127.0.0.2.", "localhost", "LOCALHOST", "127.2", "127.0.2", "2130706434", "0x7f000002"),
    *("0x7f.0x0.0x0.0x2", "017700000002", "0177.0.0.2", "127.0.0.02", "00000127.0.0.2", "127.0.0.0x2", "4294967295"),
    *("127\u30020\u30020\u30022", "\uff11\uff12\uff17.0.0.2", "\u2460\u2461\u2466.0.0.2", "127.0.0.\uff12"),
    *("[::ffff:127.0.0.2]", "[::ffff:7f00:2]", "[::127.0.0.2]", "[64:ff9b::7f00:2]", "[64:ff9b:1::7f00:2]", "[::1]"),
    *(
        "[2002:7f00:2::]",
        "[0:0:0:0:0:ffff:127.0.0.2]",
        "[fe80::1%25lo]",
        "[fc00::1]",
        "[ff02::1]",
        "[::]",
        "0",
        "0.0.0.0",
    ),
    *(
        "169.254.169.254",
        "[fd00:ec2::254]",
        "100.100.100.200",
        "168.63.129.16",
        "10.0.0.1",
        "192.168.1.1",
        "172.16.0.1",
    ),
)
URLS = {
    "an option": "-o/tmp/x",
    "a long option": "--exec=id",
    "an option after http": "http://-oProxyCommand=id/a",
    "a newline": "http://{service}\n.example.com/",
    "a NUL": "http://{service}\0.example.com/",
    "a tab": "http://exa\tmple.com/",
    "a user": "http://example.com@{service}/",
    "a user and password": "http://user:hunter2@{service}/",
    "a user and a backslash": "http://example.com\\@{service}/",
    "two users": "http://a@b@{service}/",
    "a fragment before the host": "http://{service}#@example.com/",
    "a query before the host": "http://{service}?@example.com/",
    "a semicolon": "http://{service};@example.com/",
    "a file": "file://{canary}/secret.mp3",
    "a file on a host": "file://{service}/secret.mp3",
    "a local file of http": "http:{canary}/secret.mp3",
    "data:": "data:audio/mpeg;base64,SUQz",
    "gopher": "gopher://{service}/_GET",
    "ftp": "ftp://{service}/a",
    "a protocol of ffmpeg": "concat:http://{service}/a",
    "a protocol of yt-dlp": "ytsearch:secret",
    "no host": "http:///a",
    "port 0": "http://example.com:0/",
    "port 99999": "http://example.com:99999/",
    "port -1": "http://example.com:-1/",
    "4,000 characters of host": "http://" + "a" * 4000 + "/",
    "5,000 characters": "http://example.com/" + "a" * 5000,
    "right to left": "http://\u202e{service}/",
    "a broken IPv6": "http://[::1",
    "a zone in IPv6": "http://[::1%25eth0]/",
    "an empty label": "http://a..example.com./",
    "a label of 64": "http://" + "a" * 64 + ".com/",
    "half a character": "http://\ud800.com/",
}


def cases() -> Iterator[Case]:
    for host in HOSTS:
        yield Case("host", host, Expect.REFUSED, _downloading(f"http://{host}:{{port}}/a.mp3"))
    for name, url in URLS.items():
        yield Case("URL", name, Expect.REFUSED, _downloading(url))
    for name in ("an option", "a long option", "a protocol of yt-dlp", "a file", "a user", "a newline"):
        yield Case("URL for yt-dlp", name, Expect.REFUSED, _downloading(URLS[name], ytdlp=True))
    for host in (
        "youtube.com.evil.example",
        "evil.example/youtube.com",
        "youtube.com@evil.example",
        "xn--youtube-.com",
    ):
        yield Case("URL for yt-dlp", host, Expect.REFUSED, _downloading(f"https://{host}/watch", ytdlp=True))


def _downloading(url: str, *, ytdlp: bool = False) -> Attack:
    async def attack(arena: Arena) -> str:
        port = arena.forbidden.split(":")[1]
        text = url.replace("{service}", arena.forbidden).replace("{port}", port).replace("{canary}", str(arena.canary))
        return (await fetch(text, arena.folder, AddressPolicy(), ytdlp=ytdlp)).name

    return attack


async def fetch(
    url: str, folder: Path, policy: AddressPolicy, *, ytdlp: bool = False, any_host: bool = False
) -> DownloadedFile:
    """What the step of a download would do."""
    limits = MediaLimits(max_bytes=2_000_000)
    rules = NetworkRules(policy, frozenset("*")) if any_host else NetworkRules(policy)

    async def attempt() -> DownloadedFile:
        step = AttemptContext(Stage.DOWNLOADING, folder)
        return await (YtDlp(rules, limits) if ytdlp else Downloader(policy, limits)).fetch(url, step)

    return await ActivityEnvironment().run(attempt)
