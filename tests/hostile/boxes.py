"""QuickTime files whose sound lies elsewhere: the reference that says where is written by hand."""

import struct
from pathlib import Path

_PARENTS = (b"moov", b"trak", b"mdia", b"minf", b"dinf")


def with_external_data(corpus: Path, where: Path | str) -> bytes:
    """The tone as a .mov that says its samples are in the file, or at the URL, `where`."""
    return _replace((corpus / "tone.mov").read_bytes(), b"dref", _references(where))


def _references(where: Path | str) -> bytes:
    if isinstance(where, str):
        entry = _box(b"url ", b"\0\0\0\0" + where.encode() + b"\0")
    else:
        entry = _box(b"alis", b"\0\0\0\0" + _alias(where))
    return _box(b"dref", struct.pack(">II", 0, 1) + entry)


def _alias(path: Path) -> bytes:
    """A Macintosh alias record as far as ffmpeg's mov demuxer reads it: the absolute path has type 2."""
    name = path.name.encode()
    target = str(path).encode()
    target += b"\0" * (len(target) % 2)
    fixed = bytes(10) + bytes(28) + bytes(12) + bytes([len(name)]) + name.ljust(63, b"\0") + bytes(16)
    levels = struct.pack(">HH", 0, 0) + bytes(16)
    return fixed + levels + struct.pack(">HH", 2, len(target)) + target + struct.pack(">HH", 0xFFFF, 0)


def _replace(data: bytes, name: bytes, box: bytes) -> bytes:
    """`data` with every box of this name replaced, and the sizes of those around it put right."""
    out = b""
    position = 0
    while position + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, position)
        content = data[position + 8 : position + size]
        if kind == name:
            out += box
        elif kind in _PARENTS:
            out += _box(kind, _replace(content, name, box))
        else:
            out += data[position : position + size]
        position += max(size, 8)
    return out


def _box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(content), kind) + content
