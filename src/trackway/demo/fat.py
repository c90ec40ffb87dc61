"""A FAT12 image of a few files, byte for byte the same each time: a memory card for the demonstration and for tests.

Layout: Microsoft's fatgen103. Long names, folders and deleted files (their clusters free, their entries marked).
"""

import struct
from dataclasses import dataclass, field

SECTOR = 512
ROOT_ENTRIES = 512
CLUSTERS = 4084
"""The most clusters that FAT12 holds."""
DATE = (2026 - 1980) << 9 | 1 << 5 | 2
TIME = 10 << 11 | 30 << 5
"""Of every file: 2 January 2026, 10:30, wall clock."""


@dataclass
class _Folder:
    """A folder while it is written: its own first cluster (0: the root) and its entries so far."""

    cluster: int = 0
    records: bytearray = field(default_factory=bytearray)
    count: int = 0


class _Image:
    """The clusters and the table while they are filled."""

    def __init__(self, cluster_size: int) -> None:
        self.cluster_size = cluster_size
        self.table: dict[int, int] = {}
        self.data = bytearray()

    def reserve(self, size: int, free: bool = False) -> int:
        """Room for ``size`` bytes in one piece: its first cluster. ``free``: as a deletion leaves it."""
        count = -(-size // self.cluster_size)
        first = len(self.data) // self.cluster_size + 2
        for cluster in range(first, first + count):
            self.table[cluster] = 0 if free else (cluster + 1 if cluster < first + count - 1 else 0xFFF)
        self.data += bytes(count * self.cluster_size)
        return first if count else 0

    def put(self, cluster: int, content: bytes) -> None:
        start = (cluster - 2) * self.cluster_size
        self.data[start : start + len(content)] = content


def fat12_image(files: dict[str, bytes], deleted: set[str] | frozenset[str] = frozenset()) -> bytes:
    """An image of ``files`` (path with "/" to content; folders are made), those in ``deleted`` erased as a camera
    does it. ValueError where they do not fit FAT12."""
    total = sum(len(content) + 64 * 1024 for content in files.values())
    cluster_size = next((SECTOR << power for power in range(7) if total <= CLUSTERS * (SECTOR << power)), 0)
    if not cluster_size:
        raise ValueError("too much for FAT12")
    image = _Image(cluster_size)
    folders = {"": _Folder()}
    for path, content in files.items():
        parent, _, name = path.rpartition("/")
        folder = _folder(image, folders, parent)
        gone = path in deleted
        first = image.reserve(len(content), free=gone)
        if first:
            image.put(first, content)
        _enter(folder, name, 0x20, first, len(content), gone)
    for path, folder in folders.items():
        if path:
            image.put(folder.cluster, bytes(folder.records))
    return _assembled(image, bytes(folders[""].records))


def _folder(image: _Image, folders: dict[str, _Folder], path: str) -> _Folder:
    """The folder at ``path``, made with those above it where it is new."""
    if path in folders:
        return folders[path]
    parent_path, _, name = path.rpartition("/")
    parent = _folder(image, folders, parent_path)
    # Room for some 300 entries, whatever comes.
    made = _Folder(image.reserve(max(16384, image.cluster_size)))
    _enter(parent, name, 0x10, made.cluster, 0, gone=False)
    for dots, cluster in ((b".", made.cluster), (b"..", parent.cluster)):
        made.records += _record(dots.ljust(11), 0x10, cluster, 0)
    folders[path] = made
    return made


def _enter(folder: _Folder, name: str, attributes: int, cluster: int, size: int, gone: bool) -> None:
    """A long name and its short one ("000001~1.JPG": numbered, so that no two are the same)."""
    folder.count += 1
    ending = name.rpartition(".")[2] if "." in name else ""
    plain = "".join(letter for letter in ending.upper() if letter.isascii() and letter.isalnum())[:3]
    short = f"{folder.count:06d}~1".encode() + plain.encode().ljust(3)
    units = name.encode("utf-16-le")
    parts = [units[at : at + 26] for at in range(0, len(units), 26)]
    for number in range(len(parts), 0, -1):
        part = parts[number - 1]
        part = part if len(part) == 26 else (part + b"\x00\x00").ljust(26, b"\xff")
        order = number | (0x40 if number == len(parts) else 0)
        mark = 0xE5 if gone else order
        folder.records += (
            struct.pack("<B", mark)
            + part[:10]
            + b"\x0f\x00"
            + bytes([_checksum(short)])
            + part[10:22]
            + b"\0\0"
            + part[22:]
        )
    folder.records += _record((b"\xe5" if gone else short[:1]) + short[1:], attributes, cluster, size)


def _record(short: bytes, attributes: int, cluster: int, size: int) -> bytes:
    return short + struct.pack("<BBB7HI", attributes, 0, 0, TIME, DATE, DATE, 0, TIME, DATE, cluster, size)


def _checksum(short: bytes) -> int:
    total = 0
    for byte in short:
        total = ((total & 1) << 7) + (total >> 1) + byte & 0xFF
    return total


def _assembled(image: _Image, root: bytes) -> bytes:
    if len(root) > ROOT_ENTRIES * 32:
        raise ValueError("too many files in the root folder for FAT12")
    table = bytearray(-(-(CLUSTERS + 2) * 3 // 2 // SECTOR) * SECTOR)
    for cluster, value in {0: 0xFF8, 1: 0xFFF, **image.table}.items():
        at = cluster * 3 // 2
        pair = int.from_bytes(table[at : at + 2], "little")
        pair |= value << 4 if cluster % 2 else value
        table[at : at + 2] = pair.to_bytes(2, "little")
    per_cluster = image.cluster_size // SECTOR
    table_sectors = len(table) // SECTOR
    sectors = 1 + 2 * table_sectors + ROOT_ENTRIES * 32 // SECTOR + max(len(image.data) // SECTOR, 64 * per_cluster)
    boot = bytearray(SECTOR)
    boot[:11] = b"\xeb\x3c\x90TRACKWAY"
    struct.pack_into("<HBHBHHBHHHII", boot, 11, SECTOR, per_cluster, 1, 2, ROOT_ENTRIES,
                     sectors if sectors < 65536 else 0, 0xF8, table_sectors, 32, 2, 0,
                     sectors if sectors >= 65536 else 0)  # fmt: skip
    struct.pack_into("<BBBI11s8s", boot, 36, 0x80, 0, 0x29, 0x26010210, b"CARD       ", b"FAT12   ")
    boot[510:] = b"\x55\xaa"
    whole = bytes(boot) + bytes(table) * 2 + root.ljust(ROOT_ENTRIES * 32, b"\0") + bytes(image.data)
    return whole.ljust(sectors * SECTOR, b"\0")
