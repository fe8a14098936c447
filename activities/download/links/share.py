"""Share links of file hosts: the address of the file itself, or what to do where there is none. Pure.

A link from a "Share" button opens a page for people. For the hosts below the file's own address is known; pages of
others are named in the row's error, with the remedy.
"""

import re
from collections.abc import Callable
from typing import Final

from yarl import URL

from audioprep.jobs.text.hosts import is_under

_ID: Final = r"([A-Za-z0-9_-]{10,128})"
_DRIVE: Final = re.compile(rf"/(?:a/[^/]+/)?file/(?:u/\d+/)?d/{_ID}(?:/.*)?")
_DRIVE_BY_QUERY: Final = frozenset({"/open", "/uc", "/a/uc", "/u/0/uc"})
_DRIVE_ID: Final = re.compile(_ID)
_SHAREPOINT: Final = re.compile(r"/:[a-z]:/[grtpsu]/.+", re.IGNORECASE)
_BOX: Final = re.compile(r"/s/([A-Za-z0-9]{8,64})")
_BLOB: Final = re.compile(r"(/[^/]+/[^/]+)/blob/(.+)")
_GITLAB_BLOB: Final = re.compile(r"\A(/(?:[^/]+/)+?-)/blob/(.+)")
_BITBUCKET: Final = re.compile(r"(/[^/]+/[^/]+)/src/(.+)")
_NEXTCLOUD: Final = re.compile(r"(?:/index\.php)?/s/[A-Za-z0-9]{8,64}/?")

_FOLDER: Final = "The URL is a shared folder: share the file itself, and give its link."
_LOGIN: Final = "{host} asks for a login: share the file with everyone who has the link, and give that link."
_UPLOAD: Final = "{host} gives files only to people in a browser: download the file yourself and upload it."
_PAGE: Final = "The URL leads to a web page, not to a media file: give the file's own address, or sourceType youtube."
_BROWSER_ONLY: Final = (
    *("wetransfer.com", "we.tl", "icloud.com", "mega.nz", "mega.io", "photos.google.com", "photos.app.goo.gl"),
    *("mediafire.com", "swisstransfer.com", "transfernow.net", "disk.yandex.ru", "yadi.sk", "terabox.com"),
    *("pcloud.com", "pcloud.link", "sync.com", "drive.proton.me", "gofile.io", "fromsmash.com", "filemail.com"),
)
_LOGINS: Final = ("accounts.google.com", "login.live.com", "login.microsoftonline.com", "account.box.com")


def direct_link(url: URL) -> URL | None:
    """The address of the file behind a share link; None for any other URL."""
    host = (url.raw_host or "").lower().removeprefix("www.")
    found = next((rewrite for name, rewrite in _REWRITES if is_under(host, name)), None)
    direct = found(url) if found else None
    return None if direct == url else direct


def download_of_page(url: URL) -> URL | None:
    """Where a page of a file host that anyone may run (Nextcloud, ownCloud) has its file; None for another page."""
    return _with_path(url, f"{url.raw_path.rstrip('/')}/download") if _NEXTCLOUD.fullmatch(url.raw_path) else None


def page_sentence(first: URL, last: URL) -> str:
    """What to tell about a web page that came for the link `first`, from `last`."""
    asked, came = ((url.raw_host or "").lower().removeprefix("www.") for url in (first, last))
    if _is_folder(first) or _is_folder(last):
        return _FOLDER
    if any(is_under(came, name) for name in _LOGINS) or (is_under(came, "dropbox.com") and "/login" in last.raw_path):
        return _LOGIN.format(host=asked)
    if any(is_under(host, name) for host in (asked, came) for name in _BROWSER_ONLY):
        return _UPLOAD.format(host=asked)
    if direct_link(first) is not None or any(is_under(asked, name) for name in _SHARING):
        return f"{asked} gives a web page in place of the file: share it with everyone who has the link, or upload it."
    return _PAGE


def _drive(url: URL) -> URL | None:
    """https://drive.google.com/file/d/ID/view, and its older forms. The key of a link from before 2021 is kept."""
    by_path = _DRIVE.fullmatch(url.raw_path)
    found = by_path[1] if by_path else url.query.get("id", "") if url.raw_path in _DRIVE_BY_QUERY else ""
    if not _DRIVE_ID.fullmatch(found):
        return None
    key = url.query.get("resourcekey", "")
    more = f"&resourcekey={key}" if _DRIVE_ID.fullmatch(key) else ""
    query = f"id={found}&export=download&confirm=t{more}"  # confirmed: large files are not looked over for viruses
    return URL(f"https://drive.usercontent.google.com/download?{query}", encoded=True)


def _dropbox(url: URL) -> URL | None:
    return _asking(url, "dl", "1", "raw") if url.raw_path.startswith(("/s/", "/scl/fi/")) else None


def _sharepoint(url: URL) -> URL | None:
    return _asking(url, "download", "1") if _SHAREPOINT.fullmatch(url.raw_path) and not _is_folder(url) else None


def _onedrive(url: URL) -> URL | None:
    if url.raw_path in ("/embed", "/redir", "/view.aspx") and "resid" in url.query:
        return _with_path(url, "/download")
    return None


def _box(url: URL) -> URL | None:
    found = _BOX.fullmatch(url.raw_path)
    return _with_path(url, f"/shared/static/{found[1]}") if found else None


def _raw(pattern: re.Pattern[str], word: str) -> Callable[[URL], URL | None]:
    """The file itself in place of its page in a repository."""

    def rewrite(url: URL) -> URL | None:
        found = pattern.fullmatch(url.raw_path)
        return _with_path(url, f"{found[1]}/{word}/{found[2]}") if found else None

    return rewrite


_REWRITES: Final = (
    ("drive.google.com", _drive),
    ("docs.google.com", _drive),
    ("dropbox.com", _dropbox),
    ("sharepoint.com", _sharepoint),
    ("onedrive.live.com", _onedrive),
    ("box.com", _box),
    ("github.com", _raw(_BLOB, "raw")),
    ("gitlab.com", _raw(_GITLAB_BLOB, "raw")),
    ("bitbucket.org", _raw(_BITBUCKET, "raw")),
)
_SHARING: Final = (
    *("1drv.ms", "db.tt", "onedrive.live.com", "sharepoint.com"),
    *("dropbox.com", "drive.google.com", "box.com"),
)


def _is_folder(url: URL) -> bool:
    host, path = (url.raw_host or "").lower(), url.raw_path
    if is_under(host, "dropbox.com"):
        return path.startswith(("/sh/", "/scl/fo/"))
    if is_under(host, "drive.google.com"):
        return "/folders/" in path
    return is_under(host, "sharepoint.com") and path.lower().startswith("/:f:/")


def _asking(url: URL, name: str, value: str, *without: str) -> URL:
    """With this parameter in its query, in place of its others of that name; all else as it came."""
    kept = [pair for pair in url.raw_query_string.split("&") if pair and pair.partition("=")[0] not in (name, *without)]
    return _built(url, url.raw_path, "&".join([*kept, f"{name}={value}"]))


def _with_path(url: URL, path: str) -> URL:
    return _built(url, path, url.raw_query_string)


def _built(url: URL, path: str, query: str) -> URL:
    return URL.build(scheme=url.scheme, authority=url.raw_authority, path=path, query_string=query, encoded=True)
