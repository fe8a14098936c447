"""What a body is by its first bytes (content sniffing): whether it can be media, or what to say that it is. Pure."""

import re
from typing import Final

HEAD: Final = 4096  # bytes that are looked at
_HTML: Final = re.compile(rb"<!doctype\s+html|<html[\s>]|<head[\s>]|<body[\s>]|<script[\s>]", re.IGNORECASE)
_FEED: Final = re.compile(rb"<(?:rss|feed|rdf:rdf)[\s>]", re.IGNORECASE)
_DASH: Final = re.compile(rb"<(?:mpd|smoothstreamingmedia)[\s>]", re.IGNORECASE)
_HLS: Final = b"#EXT-X-"
_M3U: Final = b"#EXTM3U"
_LIST_FILES: Final = (b"[playlist]", b"[reference]", b"<asx")
_XSPF: Final = re.compile(rb"<(?:playlist|smil)[\s>]", re.IGNORECASE)
_ARCHIVES: Final = (b"PK\x03\x04", b"Rar!", b"7z\xbc\xaf", b"\x1f\x8b", b"BZh", b"\xfd7zXZ")
_DOCUMENTS: Final = (b"%PDF", b"{\\rtf", b"\xd0\xcf\x11\xe0")
_PICTURES: Final = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8")
_HTML_TYPES: Final = frozenset({"text/html", "application/xhtml+xml"})

PAGE: Final = "page"
FEED_SENTENCE: Final = (
    "The URL is a feed of a podcast: submit it as a playlist, or give the address of one episode's file."
)
STREAM_SENTENCE: Final = (
    "The URL is a list of parts of a stream (HLS or DASH), not a media file: submit it with sourceType youtube."
)
LIST_SENTENCE: Final = "The URL is a list of recordings for players, not a media file: give an address from within it."
ARCHIVE_SENTENCE: Final = "The URL leads to an archive, not to a media file: unpack it, and give the recording itself."
OTHER_SENTENCE: Final = "The URL leads to a document or picture, not to a media file."
DATA_SENTENCE: Final = "The URL leads to an answer for programs (JSON or XML), not to a media file."


def refusal_of(head: bytes, media_type: str) -> str | None:
    """The sentence that refuses a body which begins so, or `PAGE` for a web page; None if it may be media.

    A declared type alone decides nothing: files come as text/html, and pages as octet-stream.
    """
    start = head[:HEAD].removeprefix(b"\xef\xbb\xbf").lstrip()
    if not start or not _is_text(start):
        return _binary(start)
    if start.startswith(_M3U):
        return STREAM_SENTENCE if _HLS in start else LIST_SENTENCE
    if start.lower().startswith(_LIST_FILES):
        return LIST_SENTENCE
    if start.startswith((b"{", b"[")):
        return DATA_SENTENCE
    return _markup(start) or (PAGE if media_type in _HTML_TYPES else None)


def _binary(start: bytes) -> str | None:
    if start.startswith(_ARCHIVES):
        return ARCHIVE_SENTENCE
    return OTHER_SENTENCE if start.startswith((*_DOCUMENTS, *_PICTURES)) else None


def _markup(start: bytes) -> str | None:
    if not start.startswith(b"<"):
        return _binary(start)
    kinds = ((_FEED, FEED_SENTENCE), (_DASH, STREAM_SENTENCE), (_XSPF, LIST_SENTENCE), (_HTML, PAGE))
    found = [(match.start(), what) for pattern, what in kinds if (match := pattern.search(start))]
    if found:
        return min(found)[1]
    return DATA_SENTENCE if start.startswith((b"<?xml", b"<Error")) else PAGE


def _is_text(start: bytes) -> bool:
    """No byte in it that texts do not have."""
    return not any(byte < 0x20 and byte not in b"\t\n\r\f\x1b" for byte in start)
