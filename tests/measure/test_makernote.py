import struct

import pytest
from drawn_media import fuji_note
from hypothesis import given
from hypothesis import strategies as st

from trackway.measure.makernote import serial


def canon_note(number: int, order: str) -> bytes:
    other = struct.pack(order + "HHII", 0x0006, 2, 30, 900)
    return struct.pack(order + "H", 2) + other + struct.pack(order + "HHII", 0x000C, 4, 1, number) + bytes(4)


def nikon_note(text: bytes, order: str) -> bytes:
    tiff = {"<": b"II*\0", ">": b"MM\0*"}[order] + struct.pack(order + "I", 8)
    entry = struct.pack(order + "H", 1) + struct.pack(order + "HHII", 0x001D, 2, len(text), 26) + bytes(4)
    return b"Nikon\0\x02\x10\0\0" + tiff + entry + text


@pytest.mark.parametrize(
    ("note", "make", "big", "expected"),
    [
        (canon_note(1230504321, "<"), "Canon", False, "1230504321"),
        (canon_note(1230504321, ">"), "Canon", True, "1230504321"),
        (nikon_note(b"3105364\0", "<"), "NIKON", False, "3105364"),
        (nikon_note(b"3105364\0", ">"), "NIKON", False, "3105364"),
        (fuji_note(b"5A120399"), "FUJIFILM", False, "5A120399"),
        (canon_note(1230504321, "<"), "Larch", False, ""),
        (b"", "Canon", False, ""),
        (b"Nikon\0\x02\x10\0\0", "NIKON", False, ""),
        (b"FUJIFILM", "FUJIFILM", False, ""),
        (b"FUJIFILM\xff\xff\xff\xff", "FUJIFILM", False, ""),
    ],
)
def test_serial_numbers_of_three_makers(note: bytes, make: str, big: bool, expected: str) -> None:
    assert serial(note, make, big) == expected


@given(st.sampled_from([b"Nikon\0\x02", b"FUJIFILM", b""]), st.binary(max_size=200), st.booleans())
def test_damaged_notes_give_text_or_nothing(start: bytes, rest: bytes, big: bool) -> None:
    assert isinstance(serial(start + rest, "Canon", big), str)
