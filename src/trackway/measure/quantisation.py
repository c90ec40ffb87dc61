"""JPEG quantisation tables: are they the standard ones of ITU-T T.81 Annex K at some quality, as libjpeg scales them?

Most programs and services that re-encode pictures use libjpeg (or follow it), cameras mostly bring tables of their own.
Some phones use the standard tables too: the sign is itemised, never decisive."""

from collections.abc import Mapping, Sequence
from functools import cache

# fmt: off
_LUMINANCE = (
    16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55,
    14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29, 51, 87, 80, 62,
    18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92,
    49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99,
)
_CHROMINANCE = (
    17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99,
    24, 26, 56, 99, 99, 99, 99, 99, 47, 66, 99, 99, 99, 99, 99, 99,
    *(99,) * 32,
)
# fmt: on

Table = tuple[int, ...]


def standard_table(base: Table, quality: int, highest: int = 255) -> Table:
    """The 64 values (row order) that libjpeg's ``jpeg_set_quality`` derives from ``base`` at quality 1-100.

    ``highest`` is 255 for baseline files, 32767 where the writer did not force baseline."""
    scale = 5000 // quality if quality < 50 else 200 - 2 * quality
    return tuple(min(highest, max(1, (value * scale + 50) // 100)) for value in base)


@cache
def _qualities() -> Mapping[tuple[str, Table], int]:
    """(luminance or chrominance, table) -> quality; of equal tables the highest quality wins."""
    return {
        (name, standard_table(base, quality, highest)): quality
        for name, base in (("luminance", _LUMINANCE), ("chrominance", _CHROMINANCE))
        for highest in (32767, 255)
        for quality in range(1, 101)
    }


def standard_quality(tables: Mapping[int, Sequence[int]]) -> int | None:
    """The libjpeg quality (1-100) whose standard tables these are exactly, or None for any other tables.

    ``tables`` is Pillow's ``quantization``: table number -> 64 values in row order. The first table is luminance, the
    others chrominance; a file that uses one table for all is compared as luminance."""
    ordered = [tuple(tables[number]) for number in sorted(tables)]
    if not ordered or any(len(table) != 64 for table in ordered):
        return None
    known = _qualities()
    found = {known.get(("luminance", ordered[0]))}
    found |= {known.get(("chrominance", table)) for table in ordered[1:] if table != ordered[0]}
    return found.pop() if len(found) == 1 else None
