"""Small EnCase images, exFAT and NTFS volumes and partition tables, built by hand for the tests."""

import struct
import zlib

SECTOR = 512


def ewf(
    medium: bytes,
    digests: dict[str, bytes],
    *,
    packed: bool = True,
    per_segment: int = 0,
    chunk_sectors: int = 8,
    base: str = "evidence",
) -> dict[str, bytes]:
    """An EnCase image of ``medium`` as {file name: content}; ``per_segment`` chunks in a segment (0: all)."""
    chunk_size = chunk_sectors * SECTOR
    chunks = [medium[at : at + chunk_size] for at in range(0, len(medium), chunk_size)]
    step = per_segment or max(len(chunks), 1)
    groups = [chunks[at : at + step] for at in range(0, len(chunks), step)]
    files = {}
    for number, group in enumerate(groups, 1):
        out = bytearray(b"EVF\x09\x0d\x0a\xff\x00" + struct.pack("<BHH", 1, number, 0))
        if number == 1:
            text = "1\nmain\nc\tn\ta\te\tt\r\nCASE-7\tE-12\ta card\tK. Vos\tnone\r\n"
            _section(out, b"header", zlib.compress(text.encode("latin-1")))
            volume = struct.pack("<B3x3IQ", 1, len(chunks), chunk_sectors, SECTOR, len(medium) // SECTOR)
            _section(out, b"volume", volume.ljust(1052, b"\0"))
        _chunks(out, group, packed)
        if number == len(groups):
            if "md5" in digests:
                _section(out, b"hash", digests["md5"] + bytes(20))
            if "sha1" in digests:
                _section(out, b"digest", digests.get("md5", bytes(16)) + digests["sha1"] + bytes(44))
        _section(out, b"done" if number == len(groups) else b"next", b"", last=True)
        files[f"{base}.E{number:02d}"] = bytes(out)
    return files


def _section(out: bytearray, kind: bytes, body: bytes, last: bool = False) -> None:
    at = len(out)
    following = at if last else at + 76 + len(body)
    head = struct.pack("<16sQQ40s", kind, following, 76 + len(body), b"")
    out += head + struct.pack("<I", zlib.adler32(head)) + body


def _chunks(out: bytearray, chunks: list[bytes], packed: bool) -> None:
    begin = len(out) + 76
    body, offsets = bytearray(), []
    for chunk in chunks:
        mark = 0x80000000 if packed else 0
        offsets.append(begin + len(body) | mark)
        body += zlib.compress(chunk) if packed else chunk + struct.pack("<I", zlib.adler32(chunk))
    _section(out, b"sectors", bytes(body))
    head = struct.pack("<IIQI", len(offsets), 0, 0, 0)
    table = struct.pack(f"<{len(offsets)}I", *offsets)
    _section(
        out, b"table", head + struct.pack("<I", zlib.adler32(head)) + table + struct.pack("<I", zlib.adler32(table))
    )


def mbr(volumes: list[tuple[int, bytes]]) -> bytes:
    """A medium with an MBR and ``volumes`` (type, content) one after another, each from a whole 64 sectors on."""
    boot, body, at = bytearray(SECTOR), bytearray(), 64
    for number, (kind, content) in enumerate(volumes):
        sectors = -(-len(content) // (64 * SECTOR)) * 64
        struct.pack_into("<B3xB3x2I", boot, 446 + 16 * number, 0, kind, at, sectors)
        body += content.ljust(sectors * SECTOR, b"\0")
        at += sectors
    boot[510:] = b"\x55\xaa"
    return bytes(boot.ljust(64 * SECTOR, b"\0")) + bytes(body)


def gpt(volumes: dict[int, bytes]) -> bytes:
    """A medium with a GPT of 128 entries; ``volumes``: place in the table to content."""
    boot, entries, body, at = bytearray(SECTOR), bytearray(128 * 128), bytearray(), 64
    struct.pack_into("<B3xB3x2I", boot, 446, 0, 0xEE, 1, 0xFFFFFFFF)
    boot[510:] = b"\x55\xaa"
    for place, content in volumes.items():
        sectors = -(-len(content) // (64 * SECTOR)) * 64
        kind = bytes.fromhex("a2a0d0ebe5b9334487c068b6b72699c7")
        start = (place - 1) * 128
        entries[start : start + 128] = struct.pack(
            "<16s16sQQQ72s", kind, bytes([place]) * 16, at, at + sectors - 1, 0, b""
        )
        body += content.ljust(sectors * SECTOR, b"\0")
        at += sectors
    head = struct.pack(
        "<8sIII4xQQQQ16sQIII", b"EFI PART", 0x10000, 92, 0, 1, at, 34, at - 1, b"\7" * 16, 2, 128, 128, 0
    )
    whole = bytes(boot) + head.ljust(SECTOR, b"\0") + bytes(entries)
    return whole.ljust(64 * SECTOR, b"\0") + bytes(body) + bytes(SECTOR)


def exfat(files: list[tuple[str, bytes, dict[str, int]]], folder: str = "DCIM") -> bytes:
    """An exFAT volume (clusters of 512 bytes) with ``files`` inside one folder: (name, content, options).

    Options: ``deleted``, ``reused`` (its cluster belongs to somebody else by now), ``valid`` (valid length),
    ``chained`` (uses the table, in reversed order of clusters), ``circle`` (its chain has no end)."""
    clusters = 512
    table = [0xFFFFFFF8, 0xFFFFFFFF] + [0] * clusters
    heap = bytearray(clusters * SECTOR)
    used: set[int] = set()
    following = 2

    def take(content: bytes, backwards: bool = False) -> list[int]:
        nonlocal following
        count = -(-len(content) // SECTOR)
        numbers = list(range(following, following + count))
        following += count
        numbers = numbers[::-1] if backwards else numbers
        for place, number in enumerate(numbers):
            start = (number - 2) * SECTOR
            piece = content[place * SECTOR : (place + 1) * SECTOR]
            heap[start : start + len(piece)] = piece
        return numbers

    bitmap, root, listing = 2, 3, 4
    following = 4 + 16
    records = bytearray()
    for name, content, options in files:
        numbers = take(content, bool(options.get("chained")))
        if not options.get("deleted") or options.get("reused"):
            used.update(numbers)
        if options.get("chained"):
            for one, after in zip(numbers, [*numbers[1:], 0xFFFFFFFF], strict=True):
                table[one] = after
            if options.get("circle"):
                table[numbers[-1]] = numbers[0]
        size = len(content) * (50 if options.get("circle") else 1)
        first = numbers[0] if numbers else 0
        records += _exfat_set(
            name,
            0x20,
            first,
            size,
            options.get("valid", size),
            1 if options.get("chained") else 3,
            options.get("deleted", 0),
        )
    heap[(listing - 2) * SECTOR : (listing - 2) * SECTOR + len(records)] = records
    used.update({bitmap, root, *range(listing, listing + 16)})
    table[root] = 0xFFFFFFFF
    bits = sum(1 << number - 2 for number in used).to_bytes(clusters // 8, "little")
    heap[: len(bits)] = bits
    top = struct.pack("<BB18xIQ", 0x81, 0, bitmap, len(bits))
    top += _exfat_set(folder, 0x10, listing, 16 * SECTOR, 16 * SECTOR, 3, 0)
    heap[SECTOR : SECTOR + len(top)] = top
    return _exfat_volume(table, bytes(heap), clusters, root)


def _exfat_set(name: str, attributes: int, cluster: int, size: int, valid: int, flags: int, deleted: int) -> bytes:
    units = name.encode("utf-16-le")
    parts = [units[at : at + 30] for at in range(0, len(units), 30)]
    stamp = ((2026 - 1980) << 9 | 3 << 5 | 4) << 16 | (9 << 11 | 15 << 5 | 10)
    # Created two hours east of UTC, written without zone, accessed at -01:30.
    record = struct.pack(
        "<BBHHH3I5B7x",
        0x85,
        1 + len(parts),
        0,
        attributes,
        0,
        stamp,
        stamp,
        stamp,
        50,
        0,
        0x80 | 8,
        0,
        0x80 | (128 - 6),
    )
    record += struct.pack("<BBBBHHQIIQ", 0xC0, flags, 0, len(name), 0, 0, valid, 0, cluster, size)
    for part in parts:
        record += b"\xc1\x00" + part.ljust(30, b"\0")
    if not deleted:
        return record
    return b"".join(bytes([record[at] & 0x7F]) + record[at + 1 : at + 32] for at in range(0, len(record), 32))


def _exfat_volume(table: list[int], heap: bytes, clusters: int, root: int) -> bytes:
    entries = struct.pack(f"<{len(table)}I", *table)
    table_sectors = -(-len(entries) // SECTOR)
    boot = bytearray(SECTOR)
    boot[:11] = b"\xeb\x76\x90EXFAT   "
    struct.pack_into(
        "<QQ5I", boot, 64, 0, 24 + table_sectors + clusters, 24, table_sectors, 24 + table_sectors, clusters, root
    )
    boot[108:111] = bytes([9, 0, 1])
    boot[510:] = b"\x55\xaa"
    return bytes(boot).ljust(24 * SECTOR, b"\0") + entries.ljust(table_sectors * SECTOR, b"\0") + heap


class Ntfs:
    """An NTFS volume: clusters of 512 bytes, records of 1,024, the master file table at cluster 64."""

    TABLE = 64
    RECORDS = 64
    TIME = 133_801_704_001_234_567
    """2024-12-31T... in steps of 100 ns since 1601."""

    def __init__(self) -> None:
        self.records: dict[int, bytes] = {}
        self.data = bytearray()
        self.first_data = self.TABLE + 2 * self.RECORDS
        self.taken: set[int] = set()

    def add(
        self,
        number: int,
        name: str,
        content: bytes | None,
        *,
        parent: int = 5,
        parent_sequence: int = 1,
        flags: int = 1,
        resident: bool = True,
        streams: dict[str, bytes] | None = None,
        reused: bool = False,
        attribute_flags: int = 0,
        reparse: int = 0,
        sequence: int = 1,
        dos_name: str = "",
    ) -> "Ntfs":
        """A record: ``content`` None is a folder; ``flags`` 1 in use, 0 deleted."""
        body = self._resident(0x10, struct.pack("<4Q16x", *[self.TIME] * 4))
        if dos_name:
            body += self._name(dos_name, parent, parent_sequence, 2)
        body += self._name(name, parent, parent_sequence, 1)
        if content is not None:
            body += (
                self._resident(0x80, content, flags=attribute_flags)
                if resident
                else self._runs(content, bool(flags & 1) or reused, attribute_flags)
            )
        for stream, held in (streams or {}).items():
            body += self._resident(0x80, held, name=stream)
        if reparse:
            body += self._resident(0xC0, struct.pack("<IHH", reparse, 0, 0))
        self.records[number] = self._record(number, body, flags | (2 if content is None else 0), sequence)
        return self

    def _name(self, name: str, parent: int, sequence: int, space: int) -> bytes:
        units = name.encode("utf-16-le")
        value = struct.pack("<Q4QQQII", parent | sequence << 48, *[self.TIME] * 4, 0, 0, 0, 0)
        return self._resident(0x30, value + bytes([len(units) // 2, space]) + units)

    def _resident(self, kind: int, value: bytes, name: str = "", flags: int = 0) -> bytes:
        units = name.encode("utf-16-le")
        start = -(-(24 + len(units)) // 8) * 8
        length = -(-(start + len(value)) // 8) * 8
        head = struct.pack("<IIBBHHHIHBB", kind, length, 0, len(name), 24, flags, 0, len(value), start, 0, 0)
        return ((head + units).ljust(start, b"\0") + value).ljust(length, b"\0")

    def _runs(self, content: bytes, taken: bool, flags: int) -> bytes:
        count = -(-len(content) // SECTOR)
        start = self.first_data + len(self.data) // SECTOR
        self.data += content.ljust(count * SECTOR, b"\0")
        if taken:
            self.taken.update(range(start, start + count))
        return self._nonresident(start, count, len(content), flags)

    @staticmethod
    def _nonresident(start: int, count: int, size: int, flags: int = 0) -> bytes:
        pairs = b"\x44" + struct.pack("<ii", count, start) + b"\0"
        length = -(-(64 + len(pairs)) // 8) * 8
        head = struct.pack(
            "<IIBBHHHQQHH4xQQQ", 0x80, length, 1, 0, 64, flags, 0, 0, count - 1, 64, 0, count * SECTOR, size, size
        )
        return (head + pairs).ljust(length, b"\0")

    @staticmethod
    def _record(number: int, attributes: bytes, flags: int, sequence: int) -> bytes:
        body = attributes + b"\xff\xff\xff\xff\0\0\0\0"
        head = struct.pack(
            "<4sHHQHHHHIIQHHI", b"FILE", 48, 3, 0, sequence, 1, 56, flags, 56 + len(body), 1024, 0, 9, 0, number
        )
        record = bytearray((head.ljust(56, b"\0") + body).ljust(1024, b"\0"))
        record[48:50] = b"\x07\x00"
        for sector in (0, 1):
            end = sector * SECTOR + 510
            record[50 + 2 * sector : 52 + 2 * sector] = record[end : end + 2]
            record[end : end + 2] = b"\x07\x00"
        return bytes(record)

    def build(self) -> bytes:
        """The volume's bytes."""
        clusters = self.first_data + len(self.data) // SECTOR + 8
        self.taken.update(range(self.first_data))
        bits = sum(1 << number for number in self.taken).to_bytes(clusters // 8 + 1, "little")
        table = self._resident(0x10, bytes(48)) + self._nonresident(self.TABLE, 2 * self.RECORDS, 1024 * self.RECORDS)
        self.records[0] = self._record(0, table, 1, 1)
        self.records[6] = self._record(6, self._resident(0x80, bits), 1, 1)
        boot = bytearray(SECTOR)
        boot[:11] = b"\xeb\x52\x90NTFS    "
        struct.pack_into("<HB", boot, 11, SECTOR, 1)
        struct.pack_into("<QQQIIQ", boot, 40, clusters, self.TABLE, self.TABLE, 2, 8, 0x1234)
        boot[510:] = b"\x55\xaa"
        records = b"".join(self.records.get(number, bytes(1024)) for number in range(self.RECORDS))
        return bytes(boot).ljust(self.TABLE * SECTOR, b"\0") + records + bytes(self.data) + bytes(8 * SECTOR)
