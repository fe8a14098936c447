"""Share links and what comes in place of a file: pure decisions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from audioprep.activities.download.links.content import PAGE, refusal_of
from audioprep.activities.download.links.share import direct_link, download_of_page, page_sentence
from audioprep.activities.ytdlp.output import Choice, Media
from audioprep.jobs.text.urls import parse_url

ID = "1AbCdEfGhIjKlMnOp"
DRIVE = f"https://drive.usercontent.google.com/download?id={ID}&export=download&confirm=t"
DIRECT = {
    f"https://drive.google.com/file/d/{ID}/view?usp=sharing": DRIVE,
    f"https://drive.google.com/file/u/0/d/{ID}/edit": DRIVE,
    f"https://drive.google.com/open?id={ID}": DRIVE,
    f"https://docs.google.com/uc?export=download&id={ID}": DRIVE,
    f"https://drive.google.com/file/d/{ID}/view?resourcekey=0-abcdefghij": f"{DRIVE}&resourcekey=0-abcdefghij",
    "https://www.dropbox.com/scl/fi/a/x%20y.mp3?rlkey=q&dl=0": "https://www.dropbox.com/scl/fi/a/x%20y.mp3?rlkey=q&dl=1",
    "https://www.dropbox.com/s/a/x.mp3": "https://www.dropbox.com/s/a/x.mp3?dl=1",
    "https://c-my.sharepoint.com/:u:/g/p/E1?e=a": "https://c-my.sharepoint.com/:u:/g/p/E1?e=a&download=1",
    "https://onedrive.live.com/embed?resid=A!1&authkey=!B": "https://onedrive.live.com/download?resid=A!1&authkey=!B",
    "https://app.box.com/s/abcdefgh1234": "https://app.box.com/shared/static/abcdefgh1234",
    "https://github.com/a/b/blob/main/x.mp3": "https://github.com/a/b/raw/main/x.mp3",
    "https://gitlab.com/a/b/-/blob/main/x.mp3": "https://gitlab.com/a/b/-/raw/main/x.mp3",
}
AS_THEY_ARE = (
    *(DRIVE, "https://www.dropbox.com/s/a/x.mp3?dl=1", "https://example.com/file/d/1AbCdEfGhIjKlMnOp/view"),
    *("https://drive.google.com/drive/folders/abcdefghijk", "https://www.dropbox.com/sh/a/b?dl=0", "https://a.b/c.mp3"),
    *("https://notdropbox.com/s/a/x.mp3", "https://drive.google.com/file/d/..%2f/view"),
)
PAGES = {
    ("https://drive.google.com/drive/folders/abcdefghijk",) * 2: "shared folder",
    ("https://www.dropbox.com/scl/fo/a/b",) * 2: "shared folder",
    (f"https://drive.google.com/file/d/{ID}/view", "https://accounts.google.com/ServiceLogin"): "asks for a login",
    ("https://c-my.sharepoint.com/:u:/g/p/E1", "https://login.microsoftonline.com/x"): "asks for a login",
    ("https://we.tl/t-abc", "https://wetransfer.com/downloads/a"): "only to people in a browser",
    ("https://www.icloud.com/iclouddrive/a#b",) * 2: "only to people in a browser",
    (f"https://drive.google.com/file/d/{ID}/view", DRIVE): "in place of the file",
    ("https://1drv.ms/u/s!a", "https://onedrive.live.com/?id=1"): "in place of the file",
    ("https://example.com/a", "https://example.com/b"): "leads to a web page",
}


@pytest.mark.parametrize("link", DIRECT)
def test_a_share_link_leads_to_its_file(link: str) -> None:
    direct = direct_link(parse_url(link))

    assert str(direct) == DIRECT[link]
    assert direct is not None
    assert direct_link(direct) is None


@pytest.mark.parametrize("link", AS_THEY_ARE)
def test_any_other_link_stays_as_it_is(link: str) -> None:
    assert direct_link(parse_url(link)) is None


@pytest.mark.parametrize("links", PAGES)
def test_a_page_is_named_with_its_remedy(links: tuple[str, str]) -> None:
    assert PAGES[links] in page_sentence(URL(links[0]), URL(links[1]))


@given(st.from_regex(r"https://(drive\.google|www\.dropbox|app\.box|github)\.com/[!-~]{0,60}", fullmatch=True))
def test_a_link_stays_at_its_host_whatever_it_holds(link: str) -> None:
    direct = direct_link(URL(link, encoded=True))

    assert direct is None or direct.host in (URL(link, encoded=True).host, "drive.usercontent.google.com")


def test_the_page_of_a_host_of_ones_own_has_its_file_behind_it() -> None:
    assert str(download_of_page(URL("https://cloud.example/s/AbCdEf123456"))).endswith("/s/AbCdEf123456/download")
    assert download_of_page(URL("https://cloud.example/s/AbCdEf123456/download")) is None


@pytest.mark.parametrize(
    ("head", "media_type", "refused"),
    [
        (b"ID3\x04\x00\x00", "text/html", None),
        (b"\xff\xfb\x90\x00", "text/plain", None),
        (b"#!AMR\n\x3c\x00", "", None),
        (b"", "audio/mpeg", None),
        (b"plain words", "text/plain", None),
        (b"plain words", "text/html", PAGE),
        (b"\xef\xbb\xbf\r\n <!doctype HTML>", "audio/mpeg", PAGE),
        (b"<!-- made by hand -->\n<html>", "", PAGE),
    ],
)
def test_a_body_is_judged_by_its_first_bytes(head: bytes, media_type: str, refused: str | None) -> None:
    assert refusal_of(head, media_type) == refused


@given(st.binary(max_size=200))
def test_any_body_is_judged(head: bytes) -> None:
    refusal_of(head, "text/html")


@pytest.mark.parametrize(
    ("media", "listed"),
    [
        (Media(), False),
        (Media(playlist_count=2), True),
        (Media(playlist_id="UC1", playlist_index=1), True),
        (Media(playlist_id="feed", playlist_index=1, playlist_count=1), False),
    ],
)
def test_a_recording_out_of_a_list_is_told_from_one(media: Media, listed: bool) -> None:
    assert media.is_of_a_list is listed


def test_a_preview_is_known_by_its_format() -> None:
    assert Choice(format_id="http_mp3_standard_preview").is_preview
    assert not Choice(format_id="hls_mp3_128").is_preview
