"""EnCase evidence files (EWF: E01, split into E01 ... E99, EAA ...), read in bounded memory.

Layout: Joachim Metz, "Expert Witness Compression Format" (libewf). dissect.evidence reads the same files but keeps up
to 1,024 chunks for *each* table, several gigabytes over a whole disk, and checks no checksum; a verification reads
the whole disk in a worker of 768 MiB, hence this reader. Every chunk's checksum is checked.
"""

import hashlib
import struct
import zlib
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Iterator
from typing import BinaryIO

from dissect.util.stream import AlignedStream
from msgspec import Struct

from trackway.model.errors import Unreadable
from trackway.model.source import Report, Source
from trackway.sources.guard import PIECE, damage, read_at

MAGIC = b"EVF\x09\x0d\x0a\xff\x00"
SECTION = struct.Struct("<16sQQ40sI")
SEGMENTS = 15_000
SECTIONS = 1_000_000
CHUNK_BYTES = 32 << 20
CACHE_BYTES = 8 << 20
ENTRIES = 4096
"""Chunk offsets drawn at a time."""
HEADER_TEXT = 1 << 20
_EMPTY = {"00" * 16, "00" * 20}

_FIELDS = {
    "c": "case_number",
    "n": "evidence_number",
    "a": "description",
    "e": "examiner",
    "t": "notes",
    "m": "acquired",
}
"""Fields of the header section that matter here, by EnCase's letters."""


class _Table(Struct, frozen=True):
    """One chunk table: ``first`` chunk and ``count``; ``entries``: where its offsets stand in the segment; ``end``:
    where its last chunk ends at the latest; ``start``: where the table section itself begins."""

    segment: int
    first: int
    count: int
    base: int
    entries: int
    start: int
    end: int


class Ewf:
    """One acquired medium. ``source`` is its first segment; the others are asked for by name."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._streams: OrderedDict[int, BinaryIO] = OrderedDict()
        self._entries: OrderedDict[tuple[int, int], bytes] = OrderedDict()
        self._tables: list[_Table] = []
        self._firsts: list[int] = []
        self.sector_size = self.chunk_size = self.size = 0
        self.segments = 0
        self.missing = ""
        self.stored: dict[str, str] = {}
        self.fields: dict[str, str] = {}
        self._chunks = 0
        self._scan()

    def _scan(self) -> None:
        for number in range(1, SEGMENTS):
            stream = self._segment(number)
            if stream is None:
                self.missing = segment_name(self._source.name, number)
                break
            self.segments = number
            if self._scan_segment(stream, number):
                break
        if not self.chunk_size:
            raise Unreadable("the EnCase image does not say how large its medium is")

    def _segment(self, number: int) -> BinaryIO | None:
        """A segment's stream; only a few are kept."""
        if number in self._streams:
            self._streams.move_to_end(number)
            return self._streams[number]
        stream = self._source.open() if number == 1 else self._source.sibling(segment_name(self._source.name, number))
        if stream is not None:
            if len(self._streams) >= 4:
                self._streams.popitem(last=False)[1].close()
            self._streams[number] = stream
        return stream

    def _scan_segment(self, stream: BinaryIO, number: int) -> bool:
        """Note a segment's sections; True where the image ends in it."""
        head = read_at(stream, 0, 13)
        if head[:8] != MAGIC or len(head) < 13:
            raise Unreadable(f"segment {number} of the EnCase image is no segment of one")
        if struct.unpack_from("<H", head, 9)[0] != number:
            raise Unreadable(f"segment {number} of the EnCase image is another segment by its own header")
        at, sectors_end = 13, 0
        for _ in range(SECTIONS):
            block = read_at(stream, at, SECTION.size)
            if len(block) < SECTION.size:
                raise Unreadable(f"segment {number} of the EnCase image is cut off")
            kind, following, size, _, checksum = SECTION.unpack(block)
            if zlib.adler32(block[:-4]) != checksum:
                raise Unreadable(f"segment {number} of the EnCase image is damaged: a section's checksum does not fit")
            kind = kind.rstrip(b"\x00")
            if kind in (b"done", b"next"):
                return bool(kind == b"done")
            end = following if kind in (b"sectors", b"table") else at + size
            if kind == b"sectors":
                sectors_end = end
            self._note(stream, number, kind, at, at + SECTION.size, end, sectors_end)
            if following <= at:
                return False
            at = following
        raise Unreadable("the EnCase image has more sections than can be believed")

    def _note(
        self, stream: BinaryIO, number: int, kind: bytes, start: int, data: int, end: int, sectors_end: int
    ) -> None:
        if kind in (b"volume", b"disk", b"data") and not self.chunk_size:
            self._note_volume(read_at(stream, data, 94))
        elif kind == b"table":
            self._note_table(stream, number, start, data, end, sectors_end)
        elif kind == b"hash":
            self._note_digest("md5", read_at(stream, data, 16))
        elif kind == b"digest":
            digests = read_at(stream, data, 36)
            self._note_digest("md5", digests[:16])
            self._note_digest("sha1", digests[16:])
        elif kind in (b"header", b"header2") and end - data <= HEADER_TEXT:
            self._note_header(read_at(stream, data, end - data))

    def _note_volume(self, block: bytes) -> None:
        if len(block) < 94:
            raise Unreadable("the EnCase image is cut off")
        chunks, per_chunk, sector, sectors = struct.unpack_from("<3IQ", block, 4)
        # The SMART layout keeps the number of sectors in 32 bits and a signature where EnCase keeps identifiers.
        if block[85:90] == b"SMART" or sectors * sector > max(chunks, 1) * per_chunk * sector:
            sectors &= 0xFFFFFFFF
        self.sector_size, self.chunk_size = sector, sector * per_chunk
        if sector not in (512, 1024, 2048, 4096) or not 0 < self.chunk_size <= CHUNK_BYTES:
            raise Unreadable("the EnCase image has sectors or chunks of a size that makes no sense")
        self.size = sectors * sector

    def _note_table(self, stream: BinaryIO, number: int, start: int, data: int, end: int, sectors_end: int) -> None:
        header = read_at(stream, data, 24)
        if len(header) < 24:
            raise Unreadable(f"segment {number} of the EnCase image is cut off")
        count, _, base, _, checksum = struct.unpack("<IIQII", header)
        if zlib.adler32(header[:20]) != checksum or data + 24 + count * 4 > max(end, data + 24):
            raise Unreadable(f"segment {number} of the EnCase image is damaged: a table's checksum does not fit")
        # Chunks stand before the table ("sectors"), or within its own section (the oldest form).
        last_end = sectors_end if sectors_end and sectors_end <= start else end
        self._tables.append(_Table(number, self._chunks, count, base, data + 24, start, last_end))
        self._firsts.append(self._chunks)
        self._chunks += count

    def _note_digest(self, kind: str, digest: bytes) -> None:
        if len(digest) == (16 if kind == "md5" else 20) and digest.hex() not in _EMPTY:
            self.stored.setdefault(kind, digest.hex())

    def _note_header(self, packed: bytes) -> None:
        """Case number and the like: two lines of a tab-separated table, UTF-16 in header2, else one byte a letter."""
        if self.fields:
            return
        try:
            text = zlib.decompressobj().decompress(packed, HEADER_TEXT)
        except zlib.error:
            return
        wide = text[:2] in (b"\xff\xfe", b"\xfe\xff")
        lines = text.decode("utf-16" if wide else "latin-1", "replace").replace("\r\n", "\n").split("\n")
        if len(lines) > 3:
            named = zip(lines[2].split("\t"), lines[3].split("\t"), strict=False)
            self.fields = {_FIELDS[key]: value for key, value in named if key in _FIELDS and value}

    def open(self) -> "EwfStream":
        """The medium's bytes, seekable."""
        return EwfStream(self)

    def chunk(self, index: int) -> bytes:
        """One chunk's bytes. Unreadable where it is missing, or its checksum does not fit."""
        at = bisect_right(self._firsts, index) - 1
        if at < 0 or index >= self._tables[at].first + self._tables[at].count:
            raise Unreadable(f"a part of the medium lies in a missing segment ({self.missing or 'cut off'})")
        table = self._tables[at]
        stream = self._segment(table.segment)
        if stream is None:
            raise Unreadable(f"segment {table.segment} of the EnCase image is gone")
        offsets = self._offsets(stream, at, index - table.first)
        begin = table.base + (offsets[0] & 0x7FFFFFFF)
        end = table.base + (offsets[1] & 0x7FFFFFFF) if len(offsets) > 1 else self._last_end(table, begin)
        if not 0 < end - begin <= self.chunk_size + PIECE:
            raise Unreadable("the EnCase image is damaged: a chunk's place makes no sense")
        return self._unpacked(read_at(stream, begin, end - begin), bool(offsets[0] >> 31), index)

    def _offsets(self, stream: BinaryIO, at: int, place: int) -> tuple[int, ...]:
        """Offsets of the chunk at ``place`` of table ``at`` and of the next one, if there is one in the table."""
        table, (block, inside) = self._tables[at], divmod(place, ENTRIES)
        if (at, block) not in self._entries:
            if len(self._entries) >= 8:
                self._entries.popitem(last=False)
            count = min(ENTRIES + 1, table.count - block * ENTRIES)
            self._entries[at, block] = read_at(stream, table.entries + 4 * ENTRIES * block, 4 * count)
        pair = self._entries[at, block][4 * inside : 4 * inside + 8]
        if len(pair) < 4:
            raise Unreadable("the EnCase image is cut off")
        return struct.unpack(f"<{len(pair) // 4}I", pair[: len(pair) // 4 * 4])

    def _last_end(self, table: _Table, begin: int) -> int:
        """Where the last chunk of a table ends: nothing says it, so at the end of what surrounds it."""
        end = table.end if begin < table.end else table.start
        return min(end, begin + self.chunk_size + PIECE)

    def _unpacked(self, data: bytes, packed: bool, index: int) -> bytes:
        wanted = min(self.chunk_size, self.size - index * self.chunk_size)
        if packed:
            try:
                chunk = zlib.decompressobj().decompress(data, self.chunk_size)
            except zlib.error as error:
                raise Unreadable(f"the EnCase image is damaged: chunk {index} cannot be expanded") from error
        else:
            # The last chunk's end is a guess: its checksum stands behind as many bytes as the medium has left.
            length = wanted if len(data) >= wanted + 4 and len(data) != self.chunk_size + 4 else len(data) - 4
            chunk, checksum = data[:length], data[length : length + 4]
            if zlib.adler32(chunk).to_bytes(4, "little") != checksum:
                raise Unreadable(f"the EnCase image is damaged: the checksum of chunk {index} does not fit")
        if len(chunk) < wanted:
            raise Unreadable(f"the EnCase image is damaged: chunk {index} is too short")
        return chunk


class EwfStream(AlignedStream):  # type: ignore[misc]
    """The medium of an ``Ewf``; a few megabytes of chunks are kept."""

    def __init__(self, ewf: Ewf) -> None:
        super().__init__(ewf.size, align=512)
        self._ewf = ewf
        self._kept: OrderedDict[int, bytes] = OrderedDict()
        self._room = max(1, CACHE_BYTES // ewf.chunk_size)

    def _read(self, offset: int, length: int) -> bytes:
        pieces = []
        end = min(offset + length, self._ewf.size)
        while offset < end:
            index, inside = divmod(offset, self._ewf.chunk_size)
            piece = self._chunk(index)[inside : inside + end - offset]
            if not piece:
                raise Unreadable("the EnCase image is damaged: a chunk is too short")
            pieces.append(piece)
            offset += len(piece)
        return b"".join(pieces)

    def _chunk(self, index: int) -> bytes:
        if index in self._kept:
            self._kept.move_to_end(index)
            return self._kept[index]
        if len(self._kept) >= self._room:
            self._kept.popitem(last=False)
        self._kept[index] = self._ewf.chunk(index)
        return self._kept[index]


def segment_name(first: str, number: int) -> str:
    """The name of segment ``number``, by the first one's: E01 ... E99, EAA ... EZZ, FAA ... ZZZ, in its case."""
    stem, dot, suffix = first.rpartition(".")
    letter = suffix[:1] or "E"
    if number < 100:
        return f"{stem}{dot}{letter}{number:02d}"
    turn, rest = divmod(number - 100, 26 * 26)
    zero = ord("A") if letter.isupper() else ord("a")
    return f"{stem}{dot}{chr(ord(letter) + turn)}{chr(zero + rest // 26)}{chr(zero + rest % 26)}"


def segment_number(head: bytes) -> int:
    """Which segment a file is, by its header."""
    return int.from_bytes(head[9:11], "little")


def stored_digests(source: Source) -> dict[str, object]:
    """What an EnCase image says of itself: ``md5`` and ``sha1`` of the medium (absent where it keeps none),
    ``segments`` found, ``missing`` (the name of the first missing segment), and from its header ``case_number``,
    ``evidence_number``, ``examiner``, ``description``, ``notes``, ``acquired``. Unreadable for a damaged image; {}
    for what is no EnCase image."""
    if not source.head.startswith(MAGIC) or segment_number(source.head) != 1:
        return {}
    with damage("the EnCase image"):
        ewf = Ewf(source)
    told: dict[str, object] = {**ewf.stored, "segments": ewf.segments, **ewf.fields}
    return {**told, "missing": ewf.missing} if ewf.missing else told


def verify_acquisition(source: Source, report: Report) -> dict[str, object]:
    """Read the whole medium and compare: {"stored": {kind: hex}, "computed": {kind: hex}, "ok": bool | None}.

    ``ok`` is None where nothing is stored to compare with (also for what is no EnCase image). A damaged or missing
    part makes ``ok`` False and is reported. Memory is bounded whatever the size.
    """
    if not source.head.startswith(MAGIC) or segment_number(source.head) != 1:
        return {"stored": {}, "computed": {}, "ok": None}
    with damage("the EnCase image"):
        ewf = Ewf(source)
    if ewf.missing:  # the digests stand in the last segment: without all of them there is nothing to hold it against
        report.incomplete(f"the segment {ewf.missing} is missing")
        return {"stored": ewf.stored, "computed": {}, "ok": False}
    hashes = {kind: hashlib.new(kind, usedforsecurity=False) for kind in ewf.stored}
    try:
        for piece in _pieces(ewf) if hashes else ():
            for one in hashes.values():
                one.update(piece)
    except Unreadable as error:
        report.incomplete(error.reason)
        return {"stored": ewf.stored, "computed": {}, "ok": False}
    computed = {kind: one.hexdigest() for kind, one in hashes.items()}
    ok = computed == ewf.stored if computed else None
    if ok is False:
        report.incomplete("the medium's bytes do not have the digest that was stored at acquisition")
    return {"stored": ewf.stored, "computed": computed, "ok": ok}


def _pieces(ewf: Ewf) -> Iterator[bytes]:
    for index in range(-(-ewf.size // ewf.chunk_size)):
        yield ewf.chunk(index)[: ewf.size - index * ewf.chunk_size]
