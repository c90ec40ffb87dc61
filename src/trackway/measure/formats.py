"""Which sources are pictures, videos or sounds, told by their bytes.

Three steps, from sure to weak: a magic number that nothing else bears; a Pillow format whose mark is short, so that its
header must also be read; and formats without a mark (TGA, SPIDER, ...), which must decode or bear the right ending."""

from collections.abc import Callable
from typing import Literal

from msgspec import Struct
from PIL import Image

Kind = Literal["picture", "video", "sound"]


class Format(Struct, frozen=True):
    """One format: what it is, its media type, and what a person calls it ("JPEG picture")."""

    kind: Kind
    type: str
    title: str


def _picture(type_: str, name: str) -> Format:
    return Format("picture", f"image/{type_}", f"{name} picture")


def _video(type_: str, name: str) -> Format:
    return Format("video", f"video/{type_}", f"{name} video")


def _sound(type_: str, name: str) -> Format:
    return Format("sound", f"audio/{type_}", f"{name} sound")


_PREFIXES: tuple[tuple[bytes, Format], ...] = (
    (b"\xff\xd8\xff", _picture("jpeg", "JPEG")),
    (b"\x89PNG", _picture("png", "PNG")),
    (b"GIF87a", _picture("gif", "GIF")),
    (b"GIF89a", _picture("gif", "GIF")),
    (b"II*\0\x10\0\0\0CR", _picture("x-canon-cr2", "Canon raw")),
    (b"II*\0", _picture("tiff", "TIFF")),
    (b"MM\0*", _picture("tiff", "TIFF")),
    (b"II+\0", _picture("tiff", "BigTIFF")),
    (b"MM\0+", _picture("tiff", "BigTIFF")),
    (b"\0\0\0\x0cjP  \r\n\x87\n", _picture("jp2", "JPEG 2000")),
    (b"\xff\x4f\xff\x51", _picture("jp2", "JPEG 2000")),
    (b"\0\0\0\x0cJXL \r\n\x87\n", _picture("jxl", "JPEG XL")),
    (b"8BPS\0\x01", _picture("vnd.adobe.photoshop", "Photoshop")),
    (b"8BPS\0\x02", _picture("vnd.adobe.photoshop", "Photoshop")),
    (b"icns", _picture("icns", "ICNS")),
    (b"DDS ", _picture("vnd-ms.dds", "DDS")),
    (b"BLP1", _picture("x-blp", "BLP")),
    (b"BLP2", _picture("x-blp", "BLP")),
    (b"qoif", _picture("qoi", "QOI")),
    (b"DanM", _picture("x-msp", "Windows Paint")),
    (b"LinS", _picture("x-msp", "Windows Paint")),
    (b"P7 332", _picture("x-xvthumb", "XV thumbnail")),
    (b"SIMPLE  =", _picture("fits", "FITS")),
    (b"\x59\xa6\x6a\x95", _picture("x-sun-raster", "Sun raster")),
    (b"\xc5\xd0\xd3\xc6", _picture("x-eps", "EPS")),
    (b"FUJIFILMCCD-RAW", _picture("x-fuji-raf", "Fujifilm raw")),
    (b"IIRO\x08\0", _picture("x-olympus-orf", "Olympus raw")),
    (b"IIRS\x08\0", _picture("x-olympus-orf", "Olympus raw")),
    (b"MMOR\0\0", _picture("x-olympus-orf", "Olympus raw")),
    (b"IIU\0", _picture("x-panasonic-rw2", "Panasonic raw")),
    (b"\0MRM", _picture("x-minolta-mrw", "Minolta raw")),
    (b"FOVb", _picture("x-sigma-x3f", "Sigma raw")),
    (b"II\x1a\0\0\0HEAPCCDR", _picture("x-canon-crw", "Canon raw")),
    (b"\x1aE\xdf\xa3", _video("x-matroska", "Matroska or WebM")),
    (b"FLV\x01", _video("x-flv", "Flash")),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", _video("x-ms-asf", "Windows Media")),
    (b"\0\0\x01\xba", _video("mpeg", "MPEG")),
    (b"\0\0\x01\xb3", _video("mpeg", "MPEG")),
    (b".RMF\0\0\0", _video("vnd.rn-realvideo", "RealMedia")),
    (b"OggS\0", _sound("ogg", "Ogg")),
    (b"fLaC", _sound("flac", "FLAC")),
    (b"ID3\x02", _sound("mpeg", "MP3")),
    (b"ID3\x03", _sound("mpeg", "MP3")),
    (b"ID3\x04", _sound("mpeg", "MP3")),
    (b"#!AMR", _sound("amr", "AMR")),
    (b"#!SILK", _sound("silk", "SILK")),
    (b"\x02#!SILK", _sound("silk", "SILK")),
    (b"MThd\0\0\0\x06", _sound("midi", "MIDI")),
    (b"caff\0\x01", _sound("x-caf", "Core Audio")),
    (b".snd\0\0\0", _sound("basic", "Sun")),
)

_RIFF = {
    b"WEBP": _picture("webp", "WebP"),
    b"AVI ": _video("x-msvideo", "AVI"),
    b"WAVE": _sound("wav", "WAV"),
}
_HEIC, _AVIF = _picture("heic", "HEIC"), _picture("avif", "AVIF")
_BRANDS = {
    **dict.fromkeys((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"), _HEIC),
    **dict.fromkeys((b"avif", b"avis"), _AVIF),
    **dict.fromkeys((b"M4A ", b"M4B ", b"M4P "), _sound("mp4", "MPEG-4")),
    b"crx ": _picture("x-canon-cr3", "Canon raw"),
    b"qt  ": _video("quicktime", "QuickTime"),
}
_QUICKTIME_ATOMS = (b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")

UNCLAIMED = frozenset({"BUFR", "GRIB", "HDF5", "IPTC"})
"""Pillow names that are weather data, containers or bare captions, not pictures."""

_MIME = {"EPS": "image/x-eps", "ICO": "image/x-icon", "MPO": "image/jpeg", "PPM": "image/x-portable-anymap"}


def pillow_format(name: str) -> Format:
    """The Format of a Pillow format name ("PCX")."""
    mime = _MIME.get(name) or Image.MIME.get(name, "")
    return Format("picture", mime if mime.startswith("image/") else f"image/x-{name.lower()}", f"{name} picture")


def readable_formats() -> list[str]:
    """Names of all Pillow formats that may be opened here, in Pillow's own order."""
    Image.init()
    return [name for name in Image.ID if name in Image.OPEN and name not in UNCLAIMED]


def by_magic(head: bytes) -> Format | None:
    """The format whose mark ``head`` (the first bytes of a source) bears beyond doubt, or None."""
    for prefix, found in _PREFIXES:
        if head.startswith(prefix):
            return _ogg(head) if prefix == b"OggS\0" else found
    if head[:4] == b"RIFF":
        return _RIFF.get(head[8:12])
    if head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC"):
        return _sound("aiff", "AIFF")
    if head[4:8] == b"ftyp":
        return _by_brand(head)
    if head[4:8] in _QUICKTIME_ATOMS and int.from_bytes(head[:4], "big") in range(8, 1 << 31):
        return _video("quicktime", "QuickTime")
    if head.startswith(b"%!PS"):
        # PostScript without the EPS mark is a printed text, not a picture.
        return _picture("x-eps", "EPS") if b"EPSF" in head[:64] else None
    return _by_frames(head)


def _ogg(head: bytes) -> Format:
    return _video("ogg", "Ogg") if b"theora" in head[:512] else _sound("ogg", "Ogg")


def _by_brand(head: bytes) -> Format:
    major = head[8:12]
    end = min(int.from_bytes(head[:4], "big"), 512)
    others = {head[at : at + 4] for at in range(16, end - 3, 4)}
    if major in (b"mif1", b"msf1") and others & {b"avif", b"avis"}:
        return _AVIF
    if major[:2] == b"3g":
        return _video("3gpp", "3GPP")
    return _BRANDS.get(major) or _video("mp4", "MPEG-4")


def _by_frames(head: bytes) -> Format | None:
    """Formats known only by frames that follow one another: MPEG transport stream, bare MP3, bare AAC."""
    if len(head) > 752 and all(head[at] == 0x47 for at in range(0, 753, 188)):
        return _video("mp2t", "MPEG transport")
    for measure, found in ((_mp3_frame, _sound("mpeg", "MP3")), (_aac_frame, _sound("aac", "AAC"))):
        if _frames_follow(head, measure):
            return found
    return None


def _frames_follow(head: bytes, length_of: Callable[[bytes], int]) -> bool:
    at = 0
    for _ in range(4):
        length = length_of(head[at : at + 7])
        if length < 8:
            return False
        at += length
    return True


_MP3_BITRATES = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0)
_MP3_LOW_BITRATES = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0)
_MP3_RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}


def _mp3_frame(frame: bytes) -> int:
    """Length in bytes of an MPEG audio layer III frame by its header; 0 if it is none."""
    if len(frame) < 4 or frame[0] != 0xFF or frame[1] & 0xE6 != 0xE2:
        return 0
    version, rate, padding = frame[1] >> 3 & 3, frame[2] >> 2 & 3, frame[2] >> 1 & 1
    if version not in _MP3_RATES or rate == 3:
        return 0
    bitrate = (_MP3_BITRATES if version == 3 else _MP3_LOW_BITRATES)[frame[2] >> 4]
    return (144 if version == 3 else 72) * bitrate * 1000 // _MP3_RATES[version][rate] + padding


def _aac_frame(frame: bytes) -> int:
    """Length in bytes of an ADTS frame by its header; 0 if it is none."""
    if len(frame) < 7 or frame[0] != 0xFF or frame[1] & 0xF6 != 0xF0:
        return 0
    return (frame[3] & 3) << 11 | frame[4] << 3 | frame[5] >> 5


def weak_candidates(head: bytes) -> tuple[list[str], list[str]]:
    """Pillow formats (with a short mark that ``head`` bears, without any mark). Both need more than their mark."""
    marked, unmarked = [], []
    for name in readable_formats():
        accept = Image.OPEN[name][1]
        if accept is None:
            unmarked.append(name)
        elif _accepts(accept, head[:16]):
            marked.append(name)
    return marked, unmarked


def _accepts(accept: Callable[[bytes], bool | str], prefix: bytes) -> bool:
    try:
        return accept(prefix) is True
    except Exception:  # a plugin that trips over a short prefix does not know the file
        return False


def bears_ending(name: str, format_name: str) -> bool:
    """Whether a file's name ends as Pillow registers it for this format."""
    dot = name.rfind(".")
    return dot >= 0 and Image.EXTENSION.get(name[dot:].lower()) == format_name
