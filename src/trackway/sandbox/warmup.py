"""Everything that Python and its libraries load lazily, loaded before workers are locked.

A locked worker can open nothing: a codec, a time zone or a module that was not loaded here does not exist for it.
Each step stands alone; what fails is named and the rest goes on (a missing optional library is no reason to refuse).
"""

import email
import email.policy
import encodings
import importlib
import io
import os
import pkgutil
import tarfile
import zipfile
import zoneinfo
from collections.abc import Callable, Iterator
from functools import partial

from trackway.sandbox.protocol import Job
from trackway.sandbox.stream import Evidence
from trackway.sandbox.tools import Tools
from trackway.sandbox.worker import Line, Work

STANDARD = (
    "_strptime bz2 calendar colorsys csv ctypes decimal difflib email.mime.text email.headerregistry fractions "
    "email.iterators email.quoprimime email.base64mime gzip html html.entities html.parser html5lib idna ipaddress "
    "json lzma mailbox mimetypes plistlib quopri secrets sqlite3 statistics stringprep tarfile unicodedata uuid "
    "xml.dom.minidom xml.etree.ElementTree xml.parsers.expat xml.sax.expatreader zipfile zipimport zlib zstandard"
).split()
OPTIONAL = {"html5lib", "idna", "zstandard"}
PICTURES = (
    "JPEG PNG GIF BMP TIFF WEBP AVIF HEIF JPEG2000 ICO ICNS PPM TGA SGI PCX DDS BLP MSP SPIDER IM MPO QOI".split()
)
_kept: list[object] = []
"""Zones are cached weakly; these references keep them."""


def _modules() -> None:
    for name in STANDARD:
        if name not in OPTIONAL or importlib.util.find_spec(name):
            importlib.import_module(name)
    for found in pkgutil.iter_modules(encodings.__path__):
        if found.name not in ("mbcs", "oem"):
            importlib.import_module(f"encodings.{found.name}")
    "a".encode("idna")


def _zones() -> None:
    _kept.extend(zoneinfo.ZoneInfo(name) for name in sorted(zoneinfo.available_timezones()))


def _phones() -> None:
    import phonenumbers

    phonenumbers.PhoneMetadata.load_all()
    phonenumbers.is_valid_number(phonenumbers.parse("+31201234567"))


def _mail() -> None:
    text = b"""From: =?utf-8?q?A?= <a@example.org>
To: b@example.org
Date: Thu, 1 Jan 2026 00:00:00 +0100
Message-ID: <1@example.org>
Content-Type: multipart/mixed; boundary=x

--x
Content-Type: text/plain; charset=iso-8859-1
Content-Transfer-Encoding: quoted-printable

=E9
--x
Content-Type: image/png; name*=utf-8''a.png
Content-Transfer-Encoding: base64

AAAA
--x--
"""
    for policy in (email.policy.default, email.policy.compat32):
        message = email.message_from_bytes(text, policy=policy)
        for part in message.walk():
            part.get_payload(decode=True)
            _kept.append([str(value) for value in part.values()])


def _pictures() -> Iterator[tuple[str, bytes]]:
    from PIL import Image

    Image.init()
    for kind in PICTURES:
        for mode in ("RGB", "L", "P", "RGBA"):
            out = io.BytesIO()
            try:
                Image.linear_gradient("L").resize((64, 48)).convert(mode).save(out, kind)
            except (OSError, KeyError, ValueError):
                continue
            yield f"{kind}-{mode}", out.getvalue()


def _archives() -> Iterator[tuple[str, bytes]]:
    import bz2
    import gzip
    import lzma

    import zstandard

    plain = b"2026-01-01 line\n" * 40
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for number, method in enumerate(
            (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
        ):
            archive.writestr(f"{number}.txt", plain, method)
    yield "a.zip", out.getvalue()
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive_tar:
        entry = tarfile.TarInfo("a.txt")
        entry.size = len(plain)
        archive_tar.addfile(entry, io.BytesIO(plain))
    yield "a.tar", out.getvalue()
    packed: tuple[tuple[str, Callable[[bytes], bytes]], ...] = (
        ("gz", gzip.compress),
        ("bz2", bz2.compress),
        ("xz", lzma.compress),
        ("lzma", partial(lzma.compress, format=lzma.FORMAT_ALONE)),
        ("zst", zstandard.compress),
    )
    for ending, compress in packed:
        yield f"a.txt.{ending}", compress(plain)
    yield "disk.raw", bytes(510) + b"\x55\xaa" + bytes(65536)


def _texts() -> Iterator[tuple[str, bytes]]:
    yield (
        "a.txt",
        b"[00:01] <one> hello\n[00:02] <two> see https://example.org or mail a@example.org +31201234567\n" * 20,
    )
    yield "a.json", b'{"name": "x", "type": "personal_chat", "id": 1, "messages": [{"id": 1, "type": "message"}]}'
    yield "vics.json", b'{"odata.metadata": "http://github.com/ICMEC/ProjectVic/DataModels/1.3.xml#Media", "value": []}'
    yield "a.xml", b'<?xml version="1.0"?><report><incidentSummary/></report>'
    yield "a.csv", b"MD5;SHA1;PhotoDNA;Image ID\nd41d8cd98f00b204e9800998ecf8427e;;;1\n"
    yield "a.eml", b"From a@example.org Thu Jan  1 00:00:00 2026\nFrom: a@example.org\nSubject: x\n\nhello\n"


class _Silent(Line):
    """Takes frames and drops them."""

    def __init__(self) -> None:
        return

    def put(self, frame: bytes) -> None:
        return

    def tick(self) -> None:
        return


def _read(tools: Tools, name: str, content: bytes) -> None:
    """One sample through the very path that evidence takes."""
    fd = os.memfd_create("sample", os.MFD_CLOEXEC)
    os.write(fd, content)
    source = Evidence(fd, name, len(content), "Europe/Amsterdam", lambda wanted: None, lambda: None)
    try:
        Work(Job(name, len(content)), source, tools, _Silent()).run()
    finally:
        source.close()


def warm_up(tools: Tools, *, samples: bool) -> tuple[str, ...]:
    """Load all that is lazy. ``samples``: also read one sample of each format. Returns the steps that failed."""
    cold = []
    steps: list[tuple[str, Callable[[], object]]] = [("modules", _modules), ("zones", _zones)]
    own = {module.warm_up: module.__name__ for module in tools.modules if hasattr(module, "warm_up")}
    steps += [(name, load) for load, name in own.items()]  # each once, also where one module lends it to another
    if samples:
        steps += [("phones", _phones), ("mail", _mail)]
        for step in (_pictures, _archives, _texts):
            steps.append((step.__name__, partial(_read_all, tools, step)))
    for name, load in steps:
        try:
            load()
        except Exception as error:
            cold.append(f"{name}: {type(error).__name__}")
    with open("/proc/self/status", "rb") as status:
        if b"\nThreads:\t1\n" not in status.read():
            cold.append("threads: a library keeps one running, which a forked worker would lack")
    return tuple(cold)


def _read_all(tools: Tools, samples: Callable[[], Iterator[tuple[str, bytes]]]) -> None:
    for name, content in samples():
        _read(tools, name, content)
