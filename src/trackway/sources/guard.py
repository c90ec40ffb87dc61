"""What every container shares: limits, names made safe to show, and streams that fail with a sentence.

Nothing that lies in a container is ever written to disk under its own name, so a hostile name can do no harm; a name
that leads out of its container is refused all the same and listed, because an honest tool does not write one.
"""

import hashlib
import io
import re
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import BinaryIO

from msgspec import Struct, structs

from trackway.model.errors import Unreadable
from trackway.model.source import Member

PIECE = 65536
"""Bytes drawn at a time."""

NAME_BYTES = 4096
COMPONENTS = 255
"""Beyond these a name is shown shortened, with a digest of the whole."""

EMPTY_NAME = "%20"
"""How an empty name is shown: a space is never escaped otherwise, so nothing else is shown like this."""

LEADS_OUT = "the name leads out of the container"
ABSOLUTE = "the name is absolute and leads out of the container"


class Limits(Struct, frozen=True):
    """Limits on one container. ``ratio`` (expanded bytes over the container's own bytes) is asked only once
    ``free_bytes`` have been expanded: small files of zeros are honest, and large ones of nothing else are not."""

    members: int = 5_000_000
    free_bytes: int = 2 << 30
    ratio: int = 250
    total_bytes: int = 64 << 40


LIMITS = Limits()


class Budget:
    """What one container has used up of its limits. ``size`` is the container's own number of bytes."""

    def __init__(self, size: int, limits: Limits = LIMITS) -> None:
        self.limits = limits
        self.allowed = min(limits.total_bytes, max(limits.free_bytes, size * limits.ratio))
        self.members = 0
        self.expanded = 0

    def member(self) -> None:
        """Count one member. Unreadable beyond the limit."""
        self.members += 1
        if self.members > self.limits.members:
            raise Unreadable(f"it holds more than {self.limits.members} members: the rest is not read")

    def spend(self, count: int) -> None:
        """Count expanded bytes. Unreadable beyond the limit."""
        self.expanded += count
        if self.expanded > self.allowed:
            raise Unreadable(f"it expands to more than {self.allowed} bytes, far more than it holds: not read further")


class MemberStream(io.RawIOBase):
    """A member's bytes, in order: counted against the budget, every fault turned into Unreadable.

    ``read_piece(count)`` gives up to ``count`` bytes, b"" at the end. Reads may be short, so that what stands before
    a fault is handed over before the fault is told.
    """

    def __init__(self, read_piece: Callable[[int], bytes], budget: Budget, what: str) -> None:
        self._read_piece = read_piece
        self._budget = budget
        self._what = what

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        with damage(self._what):
            piece = self._read_piece(min(len(buffer), PIECE))
        self._budget.spend(len(piece))
        buffer[: len(piece)] = piece
        return len(piece)


def member_stream(read_piece: Callable[[int], bytes], budget: Budget, what: str) -> BinaryIO:
    """``MemberStream`` as the type that ``Member.open`` promises."""
    return MemberStream(read_piece, budget, what)  # type: ignore[return-value]


@contextmanager
def damage(what: str) -> Iterator[None]:
    """Turn whatever a library raises over hostile bytes into Unreadable: "``what`` is damaged"."""
    try:
        yield
    except Unreadable:
        raise
    except MemoryError as error:
        raise Unreadable(f"{what} asks for more memory than is given") from error
    except Exception as error:
        raise Unreadable(f"{what} is damaged and cannot be read further") from error


def guarded(members: Iterator[Member], budget: Budget, what: str) -> Iterator[Member]:
    """The same members: counted, every fault between them turned into Unreadable."""
    while True:
        with damage(what):
            member = next(members, None)
        if member is None:
            return
        budget.member()
        yield member if member.open is None else structs.replace(member, open=_safely(member.open, member.path))
        if budget.expanded > budget.allowed:
            raise Unreadable("it expands to far more than it holds: the rest is not read")


def read_at(stream: BinaryIO, offset: int, count: int) -> bytes:
    """``count`` bytes at ``offset``, fewer only at the end of the stream."""
    stream.seek(offset)
    pieces = []
    while count > 0 and (piece := stream.read(count)):
        pieces.append(piece)
        count -= len(piece)
    return b"".join(pieces)


def exactly(read: Callable[[int], bytes], size: int) -> Callable[[int], bytes]:
    """``read`` ended after ``size`` bytes; Unreadable where the bytes end before."""
    left = size

    def piece(count: int) -> bytes:
        nonlocal left
        got = read(min(count, left)) if left else b""
        if left and not got:
            raise Unreadable("it is cut off: its bytes end early")
        left -= len(got)
        return got

    return piece


def _safely(opened: Callable[[], BinaryIO], path: str) -> Callable[[], BinaryIO]:
    def safely() -> BinaryIO:
        with damage(path):
            return opened()

    return safely


class Refusal(Struct, frozen=True):
    """A name that is not followed: ``path`` as it is shown, ``reason`` why."""

    path: str
    reason: str


_DRIVE = re.compile(r"[A-Za-z]:")
_LITERAL_ESCAPE = re.compile(r"%(?=[0-9A-Fa-f]{2})")
_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
"""Unicode categories that show nothing, or turn the text around: escaped. (Cn: not assigned.)"""
_JOINERS = "\u200c\u200d"
"""Format characters that ordinary names of many scripts, and emoji, need."""


def safe_path(name: str | bytes) -> str | Refusal:
    """A member's name as it is shown, with "/" between components; or why it is refused.

    Injective but for leading "./": what shows nothing (control and direction characters, bytes that are no UTF-8),
    empty and "." components are percent-escaped, and a "%" that would read as an escape becomes "%25". A backslash
    stays as it is and counts as a separator when it is asked whether the name leads out.
    """
    text = name.decode("utf-8", "surrogateescape") if isinstance(name, bytes) else name
    while text.startswith("./"):
        text = text[2:]
    shown = _shortened("/".join(_component(part) for part in text.split("/")) if text else EMPTY_NAME, text)
    parts = text.replace("\\", "/").split("/")
    if ".." in parts:
        return Refusal(_as_written(text), LEADS_OUT)
    if text.startswith(("/", "\\")) or _DRIVE.match(text):
        return Refusal(_as_written(text), ABSOLUTE)
    return shown


def safe_name(name: str | bytes) -> str:
    """One component of a path (a file system's own name): as ``safe_path``, "/" and ".." escaped. Injective."""
    text = name.decode("utf-8", "surrogateescape") if isinstance(name, bytes) else name
    if text == "..":
        return "%2E%2E"
    return _shortened(_component(text).replace("/", "%2F"), text)


def _component(part: str) -> str:
    if part in ("", "."):
        return "%2F" if part == "" else "%2E"
    return escaped(part)


def _as_written(text: str) -> str:
    """A refused name: escaped, its shape left as it is, so that the person sees what was written."""
    return _shortened(escaped(text), text)


def escaped(text: str) -> str:
    """Percent-escape what shows nothing. ``text`` may hold surrogate escapes (bytes that are no UTF-8)."""
    if text.isascii() and text.isprintable() and "%" not in text:
        return text
    text = _LITERAL_ESCAPE.sub("%25", text)
    return "".join(_escaped_character(character) for character in text)


def _escaped_character(character: str) -> str:
    if character in _JOINERS or unicodedata.category(character) not in _HIDDEN:
        return character
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:
        return f"%{code - 0xDC00:02X}"
    # "surrogatepass": a lone surrogate that is no escaped byte (NTFS allows it) is shown by its three bytes.
    return "".join(f"%{byte:02X}" for byte in character.encode("utf-8", "surrogatepass"))


def _shortened(shown: str, whole: str) -> str:
    if len(shown) <= NAME_BYTES and shown.count("/") < COMPONENTS:
        return shown
    digest = hashlib.sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()[:32]
    return f"{shown[:200].replace('/', '_')}~{digest}"


def utc_text(nanoseconds: int | None) -> str | None:
    """ISO 8601 in UTC of nanoseconds since 1970, the fraction only where there is one; None outside years 1-9999."""
    if nanoseconds is None:
        return None
    seconds, fraction = divmod(nanoseconds, 1_000_000_000)
    try:
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    except OverflowError:
        return None
    digits = f".{fraction:09d}".rstrip("0") if fraction else ""
    return f"{moment:%Y-%m-%dT%H:%M:%S}".rjust(19, "0") + digits + "Z"


def dos_text(date: int, time: int, hundredths: int = 0) -> str | None:
    """ISO 8601 without zone of a DOS date and time (two-second steps, ``hundredths`` 0-199 beside them); None for a
    date of zero and for one that is no date."""
    if date == 0:
        return None
    try:
        moment = datetime(
            1980 + (date >> 9), date >> 5 & 15, date & 31, time >> 11, time >> 5 & 63, (time & 31) * 2
        ) + timedelta(milliseconds=10 * hundredths)
    except ValueError:
        return None
    return moment.isoformat(timespec="milliseconds" if moment.microsecond else "seconds")
