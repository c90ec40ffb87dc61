"""One small valid container of each kind, and ways to spoil it."""

import bz2
import gzip
import hashlib
import io
import lzma
import random
import tarfile
import zipfile
from collections.abc import Callable

from backports import zstd
from built_images import Ntfs, ewf, exfat, gpt, mbr
from held_source import SHARED, Held

from trackway.demo.fat import fat12_image
from trackway.model.source import Container
from trackway.sources import archive_cpio, archive_tar, archive_zip, compressed, disk

FILES = {"folder/a.jpg": b"heron" * 400, "b.txt": b"boots\n" * 30, "folder/deep/c": b""}


def _zip() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for number, (name, content) in enumerate(FILES.items()):
            archive.writestr(name, content, (zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2)[number % 3])
    return out.getvalue()


def _tar(form: int) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as archive:
        for name, content in FILES.items():
            info = tarfile.TarInfo(name + "é" * 60)
            info.size, info.mtime = len(content), 1.5
            archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


def _cpio() -> bytes:
    out = b""
    for number, (name, content) in enumerate([*FILES.items(), ("TRAILER!!!", b"")]):
        raw = name.encode() + b"\0"
        fields = (number, 0o100644, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(raw), 0)
        out += b"070701" + b"".join(b"%08x" % field for field in fields) + raw
        out += bytes(-len(out) % 4) + content
        out += bytes(-len(out) % 4)
    return out


def _ntfs() -> bytes:
    volume = Ntfs().add(24, "folder", None).add(25, "a.jpg", FILES["folder/a.jpg"], parent=24, resident=False)
    volume.add(26, "b.txt", FILES["b.txt"], streams={"s": b"stream"})
    return volume.add(27, "gone", b"x" * 700, flags=0, resident=False).build()


def _exfat() -> bytes:
    return exfat(
        [("a.jpg", FILES["folder/a.jpg"], {"chained": 1}), ("b", b"b", {}), ("gone", b"g" * 900, {"deleted": 1})]
    )


FAT = fat12_image(FILES, {"b.txt"})
TEXT = b"a harmless placeholder\n" * 2000

SAMPLES: dict[str, tuple[Container, bytes]] = {
    "a.zip": (archive_zip.CONTAINER, _zip()),
    "pax.tar": (archive_tar.CONTAINER, _tar(tarfile.PAX_FORMAT)),
    "gnu.tar": (archive_tar.CONTAINER, _tar(tarfile.GNU_FORMAT)),
    "a.cpio": (archive_cpio.CONTAINER, _cpio()),
    "a.gz": (compressed.CONTAINER, gzip.compress(TEXT) * 2),
    "a.bz2": (compressed.CONTAINER, bz2.compress(TEXT)),
    "a.xz": (compressed.CONTAINER, lzma.compress(TEXT)),
    "a.zst": (compressed.CONTAINER, zstd.compress(TEXT)),
    "fat.dd": (disk.CONTAINER, FAT),
    "exfat.dd": (disk.CONTAINER, _exfat()),
    "ntfs.dd": (disk.CONTAINER, _ntfs()),
    "mbr.dd": (disk.CONTAINER, mbr([(6, FAT)])),
    "gpt.dd": (disk.CONTAINER, gpt({2: FAT})),
    "a.E01": (disk.CONTAINER, ewf(FAT, {"md5": hashlib.md5(FAT).digest()})["evidence.E01"]),
}
for shared in ("ext2.E01", "ext2.qcow2", "ext2.vmdk"):
    if (SHARED / "disk" / shared).exists():
        SAMPLES[shared] = (disk.CONTAINER, (SHARED / "disk" / shared).read_bytes())


def spoiled(content: bytes, chance: random.Random) -> bytes:
    """``content`` with a few bytes changed, cut off, repeated or filled, mostly where headers stand."""
    out = bytearray(content)
    for _ in range(chance.randint(1, 6)):
        if not out:
            break
        at = min(int(len(out) * chance.random() ** chance.choice((1, 4))), len(out) - 1)
        act = chance.randrange(6)
        if act == 0:
            out[at] = chance.choice((0, 1, 0x7F, 0x80, 0xFF, chance.randrange(256)))
        elif act == 1:
            out[at : at + 4] = chance.choice((b"\xff" * 4, b"\0" * 4, b"\0\0\0\x80", chance.randbytes(4)))
        elif act == 2:
            out[at : at + 8] = chance.choice((b"\xff" * 8, chance.randbytes(8), b"\xff" * 7 + b"\x7f"))
        elif act == 3:
            other = chance.randrange(len(out))
            out[at : at + 64] = out[other : other + 64]
        elif act == 4 and chance.random() < 0.3:
            del out[at:]
        else:
            out[at] ^= 1 << chance.randrange(8)
    return bytes(out)


Opener = Callable[[str, bytes], Held]
