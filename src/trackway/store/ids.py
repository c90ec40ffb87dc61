"""Public ids: what leaves the program instead of internal numbers."""

import hashlib
from collections.abc import Iterable

from sqlalchemy import Connection, select

from trackway.store import schema

TRACE_ID_KEY = 12  # bytes of the reading's key in a trace id; the other four are its index: 128 bits in all


def persona_key(service: str, key: str) -> bytes:
    """The public id of a persona (16 bytes): the same in every order of intake and in both stores."""
    return hashlib.sha256(f"persona\0{service}\0{key}".encode()).digest()[:16]


def identifier_key(kind: str, value: str) -> bytes:
    """The public id of an identifier (16 bytes)."""
    return hashlib.sha256(f"identifier\0{kind}\0{value}".encode()).digest()[:16]


def trace_ids(connection: Connection, numbers: Iterable[int]) -> dict[int, str]:
    """The public id (32 hex digits) of each trace number: 96 bits of the reading's key and the record's index."""
    held = sorted(set(numbers))
    readings = sorted({n >> 32 for n in held})
    keys: dict[int, str] = {}
    for start in range(0, len(readings), 500):
        c = schema.reading.c
        rows = connection.execute(select(c.no, c.key).where(c.no.in_(readings[start : start + 500])))
        keys |= {int(row.no): bytes(row.key)[:TRACE_ID_KEY].hex() for row in rows}
    return {n: f"{keys[n >> 32]}{n & 0xFFFFFFFF:08x}" for n in held if n >> 32 in keys}


def trace_number(connection: Connection, case_no: int, trace_id: str) -> int | None:
    """The number of a trace by its public id; None where there is none."""
    try:
        raw = bytes.fromhex(trace_id)
    except ValueError:
        return None
    if len(raw) != TRACE_ID_KEY + 4:
        return None
    c = schema.reading.c
    low, high = raw[:TRACE_ID_KEY] + bytes(20), raw[:TRACE_ID_KEY] + b"\xff" * 20
    reading = connection.execute(select(c.no).where(c.case_no == case_no, c.key.between(low, high))).scalar()
    return None if reading is None else int(reading) << 32 | int.from_bytes(raw[TRACE_ID_KEY:], "big")
