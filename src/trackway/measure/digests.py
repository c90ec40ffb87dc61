"""MD5, SHA-1 and SHA-256 of a source in one pass. Touches raw bytes only, so the clean parent may run it."""

import hashlib
from typing import BinaryIO

from trackway.model.trace import Digests

CHUNK = 1 << 20
"""Bytes read at a time."""

EMPTY_DIGESTS = frozenset(one(b"").hexdigest() for one in (hashlib.md5, hashlib.sha1, hashlib.sha256))
"""Digests of the empty file: in many lists, left out of every list and every match (FORMATS.md, lessons)."""


class Hashing:
    """Digests of bytes as they come. ``size`` is their number so far."""

    def __init__(self) -> None:
        # usedforsecurity: MD5 and SHA-1 are what partners' lists are keyed by; nothing is trusted on their strength.
        md5, sha1 = hashlib.md5(usedforsecurity=False), hashlib.sha1(usedforsecurity=False)
        self._hashes = (md5, sha1, hashlib.sha256())
        self.size = 0

    def update(self, block: bytes) -> None:
        self.size += len(block)
        for one in self._hashes:
            one.update(block)

    def digests(self) -> Digests:
        """Lower-case hex."""
        md5, sha1, sha256 = (one.hexdigest() for one in self._hashes)
        return Digests(md5=md5, sha1=sha1, sha256=sha256)


def digest_stream(stream: BinaryIO) -> tuple[Digests, int]:
    """Digests of everything from the stream's position on, and the number of bytes read.

    Raises what the stream raises (OSError for a medium that cannot be read)."""
    hashing = Hashing()
    while chunk := stream.read(CHUNK):
        hashing.update(chunk)
    return hashing.digests(), hashing.size
