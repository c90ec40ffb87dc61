"""From traces to the rows of one batch: what each table gets, with the keys of parties still in place of numbers."""

import hashlib
from collections.abc import Sequence
from typing import Any

import msgspec
import zstandard

from trackway.model.trace import Identifier, PersonaRef, Share, Trace, settled
from trackway.store.ids import identifier_key, persona_key

RAW_BLOCK = 500
"""Raw records compressed together."""

NUL_SHOWN = "\N{SYMBOL FOR NULL}"
"""What stands in text for the character that no PostgreSQL text can hold. The raw record keeps the very byte."""

NAME_KEPT = 500
"""Characters of a name in the table that looks names up: PostgreSQL indexes no longer value than 2,704 bytes. The
trace keeps the whole."""

_packed = msgspec.msgpack.Encoder().encode
_json = msgspec.json.Encoder().encode


def storable(trace: Trace) -> Trace:
    """The same trace in one spelling of bytes, and with texts that every store can hold, so that both hold the same."""
    shell = msgspec.structs.replace(trace, text="", raw=b"")
    if "\0" in trace.text or b"\\u0000" in _json(shell):
        plain = msgspec.convert(_shown(msgspec.to_builtins(shell)), Trace)
        trace = msgspec.structs.replace(plain, text=_shown(trace.text), raw=trace.raw)
    return settled(trace)


def _shown(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\0", NUL_SHOWN)
    if isinstance(value, dict):
        return {_shown(key): _shown(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_shown(one) for one in value]
    return value


def act_key(trace: Trace, own: bytes, share: Share) -> bytes:
    """The identity of an act of sharing: service, conversation, record id, file; the same in two exports.

    A record without an id of its own (an IRC line) is known by ``own``, its trace's leaf and index, so that the same
    words written twice stay two acts.
    """
    conversation = trace.conversation
    service = conversation.service if conversation else trace.author.service if trace.author else ""
    where = conversation.id if conversation else ""
    if trace.id:
        return hashlib.sha256(f"{service}\0{where}\0{trace.id}\0{share.act}".encode()).digest()[:16]
    return hashlib.sha256(own + share.act.encode()).digest()[:16]


class Rows:
    """Rows of one batch, as tuples in the order of their tables' columns (without the case's number).

    traces: n, kind, instant, author, text, body, leaf; mentions: party, n, role, instant, author;
    shares: n, k, act, kind, author, path, name, md5, sha1, sha256; parties and authors by their 16-byte keys."""

    def __init__(self, compressor: zstandard.ZstdCompressor) -> None:
        self._zstd = compressor
        self.traces: list[tuple[Any, ...]] = []
        self.raws: list[tuple[int, bytes]] = []
        self.mentions: list[tuple[Any, ...]] = []
        self.shares: list[tuple[Any, ...]] = []
        self.parties: dict[bytes, tuple[str, str, str]] = {}
        self.names: dict[tuple[bytes, str, int], tuple[int | None, int | None, int]] = {}
        self._personas: dict[tuple[str, str], bytes] = {}

    def add(self, reading: int, traces: Sequence[tuple[int, Trace]], running: Any) -> None:
        """Rows for (index, trace) of a reading; ``running`` (a hash, or None) takes each index and leaf in order."""
        base = reading << 32
        raws: list[tuple[int, bytes]] = []
        for i, trace in traces:
            n = base | i
            leaf = self._add_trace(n, reading, storable(trace))
            raws.append((n, trace.raw))
            if running is not None:
                running.update(i.to_bytes(4, "big") + leaf)
        for start in range(0, len(raws), RAW_BLOCK):
            block = raws[start : start + RAW_BLOCK]
            self.raws.append((block[0][0], self._zstd.compress(_packed(block))))

    def _add_trace(self, n: int, reading: int, trace: Trace) -> bytes:
        instant = trace.when.instant if trace.when is not None else None
        leaf = hashlib.sha256(_packed(trace)).digest()
        author = self._persona(trace.author, reading, n, instant) if trace.author is not None else None
        body = _packed(msgspec.structs.replace(trace, text="", raw=b""))
        self.traces.append((n, trace.kind, instant, author, trace.text, body, leaf))
        if author is not None:
            self.mentions.append((author, n, "author", instant, author))
        if trace.to or trace.others or trace.identifiers:
            mentions = {(self._persona(party, reading, n, instant), "to") for party in trace.to}
            mentions |= {(self._persona(party, reading, n, instant), "other") for party in trace.others}
            mentions |= {(self._identifier(one), one.role) for one in trace.identifiers}
            self.mentions.extend((key, n, role, instant, author) for key, role in sorted(mentions))
        for k, share in enumerate(trace.shares):
            self.shares.append(self._share(n, k, trace, share, leaf, author))
        return leaf

    def _share(self, n: int, k: int, trace: Trace, share: Share, leaf: bytes, author: bytes | None) -> tuple[Any, ...]:
        digests = share.digests
        act = act_key(trace, leaf + (n & 0xFFFFFFFF).to_bytes(4, "big"), share)
        raw = (None, None, None) if digests is None else tuple(map(_raw, (digests.md5, digests.sha1, digests.sha256)))
        return (n, k, act, share.kind, author, share.path, share.name, *raw)

    def _persona(self, ref: PersonaRef, reading: int, n: int, instant: int | None) -> bytes:
        key = self._personas.get((ref.service, ref.key))
        if key is None:
            key = self._personas[(ref.service, ref.key)] = persona_key(ref.service, ref.key)
            self.parties[key] = ("persona", ref.service, ref.key)
        for name in (whole[:NAME_KEPT] for whole in ref.names):
            held = self.names.get((key, name, reading))
            if held is None:
                self.names[(key, name, reading)] = (instant, instant, n)
            elif instant is not None:
                first, last, first_n = held
                if first is None or last is None:
                    self.names[(key, name, reading)] = (instant, instant, first_n)
                elif not first <= instant <= last:
                    self.names[(key, name, reading)] = (min(first, instant), max(last, instant), first_n)
        return key

    def _identifier(self, identifier: Identifier) -> bytes:
        key = identifier_key(identifier.kind, identifier.value)
        self.parties[key] = ("identifier", identifier.kind, identifier.value)
        return key


def _raw(hexadecimal: str | None) -> bytes | None:
    return bytes.fromhex(hexadecimal) if hexadecimal else None
