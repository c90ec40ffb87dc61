"""MD5, SHA-1 and SHA-256 of a source in one pass. Touches raw bytes only, so the clean parent may run it."""

import hashlib
from typing import BinaryIO

from trackway.model.trace import Digests

CHUNK = 1 << 20
"""Bytes read at a time."""

EMPTY_SHA256 = hashlib.sha256(b"").hexdigest()
"""Digest of the empty file: in many lists, left out of every match (CONTRACT.md)."""


def digest_stream(stream: BinaryIO) -> tuple[Digests, int]:
    """Digests (lower-case hex) of everything from the stream's position on, and the number of bytes read.

    Raises what the stream raises (OSError for a medium that cannot be read)."""
    # usedforsecurity: MD5 and SHA-1 are what partners' lists are keyed by; nothing is trusted on their strength.
    md5, sha1 = hashlib.md5(usedforsecurity=False), hashlib.sha1(usedforsecurity=False)
    sha256 = hashlib.sha256()
    size = 0
    while chunk := stream.read(CHUNK):
        size += len(chunk)
        for digest in (md5, sha1, sha256):
            digest.update(chunk)
    return Digests(md5=md5.hexdigest(), sha1=sha1.hexdigest(), sha256=sha256.hexdigest()), size
