"""A queue item: a subject, its reasons, its tier. The words of the queue, and the one place where tiers are named."""

from typing import Literal

from msgspec import Struct

Tier = Literal[1, 2, 3, 4, 5]
TIERS: dict[Tier, str] = {
    1: "danger now",
    2: "likely ongoing",
    3: "new material, or unlisted with reason to look",
    4: "unresolved known",
    5: "known",
}
SubjectKind = Literal["persona", "media", "report", "series", "identifier", "camera", "source", "exhibit"]


class Ref(Struct, frozen=True, order=True):
    """What an item is about: persona -> its id; media -> SHA-256; report -> its number; series -> its token; camera ->
    serial or model, and the exhibit; source -> SHA-256 of a text whose writer nobody names."""

    kind: SubjectKind
    id: str

    @property
    def key(self) -> str:
        return f"{self.kind}:{self.id}"


class Reason(Struct, frozen=True):
    """One sign: its sentence, the tier that it alone gives, and the traces that it opens (at most 40, of ``total``)."""

    sign: str
    tier: Tier
    sentence: str
    traces: tuple[str, ...] = ()
    total: int = 0
    about: tuple[Ref, ...] = ()

    @property
    def key(self) -> str:
        """What an acknowledgement covers: the sign, its sentence and its traces. A new trace is a new reason."""
        return f"{self.sign}\0{self.sentence}\0{' '.join(self.traces)}"


class Item(Struct, frozen=True):
    """One row of the queue, before clocks: as strong as its strongest reason. Nothing in it is a moment of today."""

    subject: Ref
    tier: Tier
    reasons: tuple[Reason, ...]
    about: tuple[Ref, ...]

    @property
    def order(self) -> str:
        """Within a tier: live and escalated first, then access and the rest, then more distinct signs; then the id.
        No number of files stands here: volume lifts nobody (CONTRACT.md, queue)."""
        best = min(SIGN_ORDER.get(reason.sign, 50) for reason in self.reasons if reason.tier == self.tier)
        signs = len({reason.sign for reason in self.reasons})
        return f"{best:02d}:{99 - min(signs, 99):02d}:{self.subject.key}"


SIGN_ORDER = {
    sign: place
    for place, sign in enumerate(
        (
            "live",
            "escalated",
            "physical-harm",
            "access",
            "announced",
            "new-in-known-series",
            "first-generation",
            "sextortion",
            "self-harm",
            "recent",
            "prior-reports",
            "new-material",
            "reported",
            "unlisted",
            "known",
        )
    )
}


def item_of(subject: Ref, reasons: list[Reason]) -> Item | None:
    """The item that these reasons make; None without any."""
    if not reasons:
        return None
    ordered = sorted(reasons, key=lambda r: (r.tier, SIGN_ORDER.get(r.sign, 50), r.sign, r.sentence))
    about = sorted({ref for reason in ordered for ref in reason.about} - {subject})[:40]
    return Item(subject, ordered[0].tier, tuple(ordered), tuple(about))
