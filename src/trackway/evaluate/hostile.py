"""``trackway evaluate hostile DIR``: what malformed files do to the readers (DESIGN.md, section 7).

Every file of a directory goes through the locked workers as an intake would send it, members of containers too. What
is counted is the outcome: read, refused with a reason, or - never, that is the promise - crashed or hung.
"""

import os
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec

from trackway.intake.exhibit import Exhibit, Opener
from trackway.intake.spool import Spool
from trackway.sandbox.pool import Pool
from trackway.sandbox.protocol import (
    Claimed,
    Done,
    Event,
    Failed,
    Incomplete,
    Job,
    Limits,
    MemberBegin,
    MemberBytes,
    MemberEnd,
    Traces,
    Unclaimed,
)
from trackway.sources.folder import FolderEntry, walk

Outcome = Literal["read", "refused", "crashed", "hung"]
WORST: tuple[Outcome, ...] = ("crashed", "hung")
DEPTH_MAX = 8
MEMBERS_MAX = 10_000
MEMBER_BYTES_MAX = 1 << 30
"""Bytes of one member, and of all members under one file, that are looked into."""


class Result(NamedTuple):
    """What became of one source; ``size`` is [width, height] in pixels of a picture that was decoded."""

    name: str
    outcome: Outcome
    reason: str
    size: tuple[int, int] | None = None


def evaluate_hostile(directory: Path, workers: int = 2, limits: Limits | None = None) -> dict[str, Any]:
    """The figures of ``evaluate hostile`` over all files below ``directory`` (links are not followed).

    files, read, refused, crashed, hung; ``peak_mib`` resident memory of the largest worker; ``outcomes`` by file;
    ``sizes`` [width, height] of each picture read; ``members`` the same for what lies inside containers;
    ``conditions`` the limits and the layers of the lock. A file counts as crashed or hung where a member of it did."""
    files = [entry for entry in walk(directory) if entry.kind in ("file", "folder")]
    opener = Opener(Exhibit(directory.name, directory, is_folder=True))
    with Pool(workers, limits) as pool, ThreadPoolExecutor(workers) as threads:
        found = list(threads.map(lambda entry: list(_Walk(pool, opener).file(entry)), files))
    opener.close()
    tops = [_with_members(results) for results in found]
    inside = [result for results in found for result in results[1:]]
    conditions = {"limits": pool.limits, "layers": pool.layers, "not_locked": pool.missing, "workers": workers}
    return _figures(tops) | {
        "peak_mib": pool.peak_mib,
        "members": _figures(inside),
        "conditions": msgspec.to_builtins(conditions),
    }


def _with_members(results: list[Result]) -> Result:
    top, *members = results
    for member in members:
        if member.outcome in WORST and top.outcome not in WORST:
            top = top._replace(outcome=member.outcome, reason=f"its member {member.name}: {member.reason}")
    return top


def _figures(results: list[Result]) -> dict[str, Any]:
    count = Counter(result.outcome for result in results)
    return {
        "files": len(results),
        "read": count["read"],
        "refused": count["refused"],
        "crashed": count["crashed"],
        "hung": count["hung"],
        "outcomes": {result.name: f"{result.outcome}: {result.reason}" for result in results},
        "sizes": {result.name: list(result.size) for result in results if result.size is not None},
    }


class _Walk:
    """One file and all that lies in it, each through a worker. The first result is the file's own."""

    def __init__(self, pool: Pool, opener: Opener) -> None:
        self._pool = pool
        self._opener = opener
        self._members = 0
        self._bytes = 0

    def file(self, entry: FolderEntry) -> Iterator[Result]:
        if entry.reason:
            yield Result(entry.path, "refused", entry.reason)
            return
        try:
            fd = self._opener.open(entry.path)
        except OSError as error:
            yield Result(entry.path, "refused", f"cannot be opened: {error.strerror}")
            return
        try:
            yield from self._source(entry.path, fd, os.fstat(fd).st_size, 0)
        finally:
            os.close(fd)

    def _source(self, name: str, fd: int, size: int, depth: int) -> list[Result]:
        def sibling(wanted: str) -> int | None:
            return None if depth else self._opener.sibling(name, wanted)

        inside: list[Result] = []
        kept: list[Event] = []
        spool: Spool | None = None
        member = ""
        own_name = name.rsplit("/", 1)[-1]
        for event in self._pool.run(Job(own_name, size), fd, sibling):
            match event:
                case MemberBegin():
                    member = f"{name}!/{event.path}"
                    kept.append(event)
                    if event.readable:
                        spool = Spool()
                    else:
                        inside.append(Result(member, "refused", event.reason))
                case MemberBytes():
                    if spool is not None and self._room(spool, len(event.data)):
                        spool.write(event.data)
                case MemberEnd():
                    if spool is not None:
                        inside += self._member(member, spool, event, depth + 1)
                    spool = None
                case Traces():
                    kept.append(Traces(event.first, event.traces[:1]))
                case _:
                    kept.append(event)
        if spool is not None:
            spool.drop()
        return [_result(name, kept), *inside]

    def _room(self, spool: Spool, more: int) -> bool:
        self._bytes += more
        return self._bytes <= MEMBER_BYTES_MAX

    def _member(self, name: str, spool: Spool, end: MemberEnd, depth: int) -> list[Result]:
        self._members += 1
        if depth > DEPTH_MAX or self._members > MEMBERS_MAX or self._bytes > MEMBER_BYTES_MAX:
            spool.drop()
            return [Result(name, "refused", "beyond the depth, number or bytes of members that are looked into")]
        if not end.ok and not spool.size:
            spool.drop()
            return [Result(name, "refused", end.reason)]
        content = spool.finish()
        try:
            return self._source(name, content.fd, content.size, depth)
        finally:
            content.close()


def _result(name: str, events: list[Event]) -> Result:
    """The outcome of one source from its events."""
    end = events[-1]
    if isinstance(end, Unclaimed):
        return Result(name, "refused", f"no reader recognises it ({end.type})")
    if isinstance(end, Failed):
        refused = end.how in ("unreadable", "memory")
        return Result(name, "refused" if refused else "hung" if end.how == "timed-out" else "crashed", end.reason)
    claim = next(event for event in events if isinstance(event, Claimed))
    gaps = [event.reason for event in events if isinstance(event, Incomplete)]
    first = next((event.traces[0] for event in events if isinstance(event, Traces)), None)
    if first is not None and first.kind == "media":
        fields = first.fields
        if fields.get("decoded") is False:
            return Result(name, "refused", gaps[0] if gaps else "it could not be decoded")
        if fields.get("decoded"):
            return Result(name, "read", claim.reason, (int(fields["width"]), int(fields["height"])))
    had = first is not None or any(isinstance(event, MemberBegin) for event in events)
    if gaps and not had:
        return Result(name, "refused", gaps[0])
    assert isinstance(end, Done)
    return Result(name, "read", "; ".join([claim.reason, *gaps[:3]]))
