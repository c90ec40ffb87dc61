"""Camera serial numbers that stand only in the maker's own note. Three layouts whose place is documented and fixed:

Canon: a bare IFD, tag 0x000C (LONG); Nikon type 3: its own TIFF header, tag 0x001D (ASCII); Fujifilm: little-endian
IFD with offsets from the note's start, tag 0x0010 (ASCII). Source: ExifTool's tag tables (tag names and numbers)."""

import struct
from collections.abc import Iterator

MOST_ENTRIES = 512
"""Entries of one note that are looked at: real notes hold fewer than 200."""

_LONGEST_TEXT = 64
_ASCII, _LONG = 2, 4


def _entries(note: bytes, at: int, order: str) -> Iterator[tuple[int, int, int, bytes]]:
    """(tag, type, count, the four bytes of value or offset) of the IFD at ``at``; stops where the bytes end."""
    if at < 0 or at + 2 > len(note):
        return
    (count,) = struct.unpack_from(order + "H", note, at)
    for index in range(min(count, MOST_ENTRIES)):
        start = at + 2 + 12 * index
        if start + 12 > len(note):
            return
        tag, kind, number = struct.unpack_from(order + "HHI", note, start)
        yield tag, kind, number, note[start + 8 : start + 12]


def _text_at(note: bytes, at: int, order: str, wanted: int, base: int) -> str:
    """The ASCII value of tag ``wanted``, offsets counted from ``base``; "" where it is absent or out of bounds."""
    for tag, kind, count, field in _entries(note, at, order):
        if tag == wanted and kind == _ASCII and 0 < count <= _LONGEST_TEXT:
            start = base + struct.unpack(order + "I", field)[0]
            value = field[:count] if count <= 4 else note[start : start + count]
            return value.split(b"\0")[0].decode("ascii", "ignore")
    return ""


def _canon(note: bytes, order: str) -> str:
    for tag, kind, count, field in _entries(note, 0, order):
        if tag == 0x000C and kind == _LONG and count == 1:
            return str(struct.unpack(order + "I", field)[0])
    return ""


def _nikon(note: bytes) -> str:
    order = {b"II": "<", b"MM": ">"}.get(note[10:12])
    if order is None or len(note) < 18:
        return ""
    return _text_at(note, 10 + struct.unpack_from(order + "I", note, 14)[0], order, 0x001D, 10)


def _fujifilm(note: bytes) -> str:
    if len(note) < 12:
        return ""
    return _text_at(note, struct.unpack_from("<I", note, 8)[0], "<", 0x0010, 0)


def serial(note: bytes, make: str, big_endian: bool) -> str:
    """The camera's serial number as its maker notes it, or "" where there is none. ``make`` is EXIF's Make,
    ``big_endian`` the order of the EXIF block that holds the note. Never raises on damaged bytes."""
    if note.startswith(b"Nikon\0\x02"):
        return _nikon(note)
    if note.startswith(b"FUJIFILM"):
        return _fujifilm(note)
    if make.lower().startswith("canon"):
        return _canon(note, ">" if big_endian else "<")
    return ""
