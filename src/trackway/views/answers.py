"""The contract: what commands print with ``--json`` (CONTRACT.md), as types. JSON schemas are generated from these."""

from typing import Any

from msgspec import UNSET, Struct, UnsetType

from trackway.danger.item import Ref
from trackway.match.listed import Match
from trackway.match.ties import Tie
from trackway.match.verdict import Novelty, Place


class NotRead(Struct, frozen=True):
    """A file that was not, or not wholly, read."""

    name: str
    reason: str


class ExhibitAnswer(Struct, frozen=True):
    """One exhibit. ``files`` counts every source found in it, inside containers too; ``read`` those read whole."""

    exhibit: str
    files: int
    read: int
    out_of_scope: int
    quarantined: int
    not_understood: list[NotRead]
    notes: list[NotRead]
    traces: int
    readers: dict[str, int]
    law: dict[str, Any]
    zone: str | None
    acquisition: dict[str, Any] | None
    complete: bool


class AddAnswer(Struct, frozen=True):
    exhibits: list[ExhibitAnswer]
    refused: list[NotRead]
    stopped: bool
    sandbox: list[str]
    """A sentence for each layer of the lock that does not hold on this machine."""


class ListAnswer(Struct, frozen=True):
    name: str
    format: str
    country: str
    version: str
    records: int
    photodna: int
    skipped: list[NotRead]
    skipped_total: int


class Says(Struct, frozen=True):
    list: str
    entry: str
    value: Any


class Conflict(Struct, frozen=True):
    """Lists that say different things of one file: ``field`` is series, victim_identified, category or digest."""

    field: str
    digest: str
    says: list[Says]


class KnownAnswer(Struct, frozen=True):
    lists: list[ListAnswer]
    conflicts: list[Conflict]
    refused: list[NotRead]


class MediaAnswer(Struct, frozen=True, kw_only=True):
    """One media item, as ``trackway.match.verdict.Media`` derives it."""

    id: str
    sha256: str | None
    md5: str | None
    sha1: str | None
    type: str
    size: int | None
    pdq: str | None
    quality: int | None
    names: list[str]
    places: list[Place]
    places_total: int
    novelty: Novelty
    sentence: str
    new_material: bool
    ties: list[Tie]
    matches: list[Match]
    series: str | list[str] | None
    series_names: dict[str, list[str]] | UnsetType = UNSET
    """Token -> the names that the lists give that series; only where they were asked for (``reveal``)."""
    stack: str
    sightings: dict[str, int]
    shared_by: list[str]
    traces: list[str]
    traces_total: int
    first_generation: list[str]
    re_encoded: list[str]
    about: dict[str, Any]
    unread: str | None


class Clock(Struct, frozen=True):
    """``state``: running, overdue, acknowledged, closed."""

    since: str
    due: str
    state: str
    holder: str | None
    action: str | None


class ReasonAnswer(Struct, frozen=True):
    sign: str
    sentence: str
    traces: list[str]
    total: int
    tier: int


class QueueRow(Struct, frozen=True):
    rank: int
    tier: int
    tier_name: str
    subject: Ref
    about: list[Ref]
    reasons: list[ReasonAnswer]
    clock: Clock | None


class QueuePage(Struct, frozen=True):
    """What the queue shows people: the first line says what the machine cannot see."""

    blind_spots: list[str]
    rows: list[QueueRow]
    more: str | None
    """The cursor of the next page."""


class TraceAnswer(Struct, frozen=True):
    """One trace, opened: what the source says, where it stands, and its record as it was read."""

    id: str
    kind: str
    locator: str
    when: dict[str, Any] | None
    author: dict[str, Any] | None
    to: list[dict[str, Any]]
    others: list[dict[str, Any]]
    conversation: dict[str, Any] | None
    text: str
    identifiers: list[dict[str, Any]]
    shares: list[dict[str, Any]]
    label: dict[str, Any] | None
    fields: dict[str, Any]
    raw: str
    reader: str
    version: str
    places: list[Place]


class DigestAnswer(Struct, frozen=True):
    digest: str
    readings: int
    partial: bool
    readers: dict[str, str]


class LedgerHead(Struct, frozen=True):
    size: int
    head: str


class VerifyAnswer(Struct, frozen=True):
    ok: bool
    damage: list[str]
    ledger: LedgerHead
    checked: list[str]


class HashAnswer(Struct, frozen=True):
    name: str
    md5: str | None
    sha1: str | None
    sha256: str | None
    pdq: str | None
    quality: int | None
    reason: str | None


class ErrorAnswer(Struct, frozen=True):
    error: str
    code: str
