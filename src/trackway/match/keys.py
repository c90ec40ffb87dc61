"""The key of a media item: its SHA-256 where its bytes are here, else the digest by which a record names it."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, select

from trackway.findings.engine import chunks
from trackway.measure.digests import EMPTY_DIGESTS
from trackway.store import schema

KINDS = ("sha256", "md5", "sha1")
"""The order in which a record's digests are used for looking a file up, and for naming one that is gone."""


def virtual(kind: str, digest: bytes) -> str:
    """The key of a file that is gone: "md5:<hex>"."""
    return f"{kind}:{digest.hex()}"


def split(key: str) -> tuple[str, bytes]:
    """Kind of digest and digest of a key; a bare one is a SHA-256 of a content that is here."""
    kind, _, value = key.rpartition(":")
    return kind or "content", bytes.fromhex(value)


def contents_by_digest(connection: Connection, case_no: int, kind: str, digests: Iterable[bytes]) -> dict[bytes, str]:
    """Digest -> key of the content that bears it. Where two contents share an MD5 or SHA-1, the lower SHA-256."""
    column = schema.content.c[kind]
    found: dict[bytes, str] = {}
    for part in chunks(sorted(set(digests))):
        for digest, sha256 in connection.execute(
            select(column, schema.content.c.sha256).where(schema.content.c.case_no == case_no, column.in_(part))
        ):
            key = bytes(sha256).hex()
            held = found.get(bytes(digest))
            found[bytes(digest)] = key if held is None else min(held, key)
    return found


def resolve_digests(connection: Connection, case_no: int, rows: Iterable[Mapping[str, Any]]) -> list[str | None]:
    """The media key of each row with digests (``sha256``, ``md5``, ``sha1``, each bytes or None): the content that
    bears one of them, else the virtual key by its first digest; None for the empty file or no digest."""
    held = list(rows)
    found = {
        kind: contents_by_digest(connection, case_no, kind, (bytes(row[kind]) for row in held if row[kind]))
        for kind in KINDS
    }
    keys: list[str | None] = []
    for row in held:
        key: str | None = None
        for kind in KINDS:
            if row[kind] and bytes(row[kind]).hex() in EMPTY_DIGESTS:
                break
            if row[kind] and (key := found[kind].get(bytes(row[kind]))):
                break
        else:
            key = next((virtual(kind, bytes(row[kind])) for kind in ("md5", "sha1", "sha256") if row[kind]), None)
        keys.append(key)
    return keys
