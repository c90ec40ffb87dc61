"""A guess at the type of bytes that no reader recognises, to say what was not understood. Nothing is parsed."""

PREFIXES: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"GIF8", "image/gif"),
    (0, b"BM", "image/bmp"),
    (0, b"II*\0", "image/tiff"),
    (0, b"MM\0*", "image/tiff"),
    (0, b"8BPS", "image/vnd.adobe.photoshop"),
    (0, b"\0\0\1\0", "image/x-icon"),
    (0, b"GIMP Palette", "application/x-gimp-palette"),
    (8, b"WEBP", "image/webp"),
    (8, b"AVI ", "video/x-msvideo"),
    (8, b"WAVE", "audio/x-wav"),
    (4, b"ftypheic", "image/heic"),
    (4, b"ftypmif1", "image/heif"),
    (4, b"ftypavif", "image/avif"),
    (4, b"ftypM4A", "audio/mp4"),
    (4, b"ftypqt", "video/quicktime"),
    (4, b"ftyp", "video/mp4"),
    (0, b"\x1a\x45\xdf\xa3", "video/x-matroska"),
    (0, b"\0\0\1\xba", "video/mpeg"),
    (0, b"ID3", "audio/mpeg"),
    (0, b"OggS", "audio/ogg"),
    (0, b"fLaC", "audio/flac"),
    (0, b"%PDF-", "application/pdf"),
    (0, b"%!PS", "application/postscript"),
    (0, b"{\\rtf", "text/rtf"),
    (0, b"PK\3\4", "application/zip"),
    (0, b"PK\5\6", "application/zip"),
    (0, b"Rar!\x1a\x07", "application/vnd.rar"),
    (0, b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (0, b"\x1f\x8b", "application/gzip"),
    (0, b"BZh", "application/x-bzip2"),
    (0, b"\xfd7zXZ\0", "application/x-xz"),
    (0, b"\x28\xb5\x2f\xfd", "application/zstd"),
    (257, b"ustar", "application/x-tar"),
    (0, b"SQLite format 3\0", "application/vnd.sqlite3"),
    (0, b"bplist00", "application/x-bplist"),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
    (0, b"EVF\x09\x0d\x0a\xff\0", "application/x-ewf"),
    (0, b"QFI\xfb", "application/x-qcow2"),
    (0, b"KDMV", "application/x-vmdk"),
    (0, b"ElfFile\0", "application/x-ms-evtx"),
    (0, b"regf", "application/x-ms-registry"),
    (0, b"\x7fELF", "application/x-elf"),
    (0, b"MZ", "application/vnd.microsoft.portable-executable"),
    (0, b"<?xml", "text/xml"),
    (0, b"<!DOCTYPE html", "text/html"),
    (0, b"<html", "text/html"),
)
SAMPLE = 4096
BOMS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


def guess(head: bytes) -> str:
    """Media type of bytes by their beginning; ``application/octet-stream`` where nothing is known."""
    if not head:
        return "application/x-empty"
    for offset, magic, kind in PREFIXES:
        if head.startswith(magic, offset):
            return kind
    return _text(head[:SAMPLE]) or "application/octet-stream"


def _text(sample: bytes) -> str | None:
    encoding = next((name for bom, name in BOMS if sample.startswith(bom)), "utf-8")
    # The sample may end inside a character.
    text = sample.decode(encoding, "replace").rstrip("�")
    odd = sum(1 for char in text if char == "�" or (char < " " and char not in "\t\r\n\f\x1b"))
    if not text or odd * 50 > len(text):
        return None
    return "application/json" if text.lstrip()[:1] in ("{", "[") and text.count('"') > 1 else "text/plain"
