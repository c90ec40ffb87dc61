"""A source and a report held in memory, and what a container yields, written down for comparison."""

import io
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

from trackway.model.errors import Unreadable
from trackway.model.source import HEAD, Container, Member

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"


class Held:
    """A ``Source`` of bytes; ``beside`` holds the files of the same folder."""

    zone = None

    def __init__(self, name: str, content: bytes, beside: Mapping[str, bytes] | None = None) -> None:
        self.name = name
        self.content = content
        self.size = len(content)
        self.head = content[:HEAD]
        self.beside = beside or {}

    def open(self) -> BinaryIO:
        return io.BufferedReader(io.BytesIO(self.content))  # type: ignore[arg-type]

    def sibling(self, name: str) -> BinaryIO | None:
        return io.BytesIO(self.beside[name]) if name in self.beside else None


class Said:
    """A ``Report`` that remembers: ``lines`` of (locator or None, reason)."""

    def __init__(self) -> None:
        self.lines: list[tuple[str | None, str]] = []

    def not_understood(self, locator: str, reason: str) -> None:
        self.lines.append((locator, reason))

    def incomplete(self, reason: str) -> None:
        self.lines.append((None, reason))

    @property
    def text(self) -> str:
        return "\n".join(f"{locator}: {reason}" for locator, reason in self.lines)


class Failed(str):
    """Why a member's bytes, or the members after it, could not be had."""


def read(member: Member) -> bytes | Failed:
    """A member's bytes, drawn piece by piece; ``Failed`` with the reason."""
    if member.open is None:
        return Failed(member.reason)
    pieces = []
    try:
        stream = member.open()
        while piece := stream.read(10_000):
            pieces.append(piece)
    except Unreadable as error:
        return Failed(error.reason)
    return b"".join(pieces)


def tree(container: Container, source: Held, report: Said | None = None) -> dict[str, bytes | Failed]:
    """Path to content of all members, those of one path told apart by "#2"; "" holds why the container broke off."""
    found: dict[str, bytes | Failed] = {}
    try:
        for member in container.members(source, report or Said()):
            path, number = member.path, 1
            while path in found:
                number += 1
                path = f"{member.path}#{number}"
            found[path] = read(member)
    except Unreadable as error:
        found[""] = Failed(error.reason)
    return found


def listed(container: Container, source: Held) -> dict[str, Member]:
    """Path to member (the bytes unread)."""
    return {member.path: member for member in container.members(source, Said())}
