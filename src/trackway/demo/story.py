"""What happened in the invented case: who shared which file, what lies where. The truth is reckoned from this."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Literal

from msgspec import Struct, field

from trackway.demo.gallery import Picture

NOW = "2026-03-02T09:00:00Z"
"""The moment that the demo's clocks are reckoned from."""

LAPTOP, STICK, CAMERA_CARD, IRC, MAIL, REPORTS = (
    "laptop.img",
    "usb-stick",
    "family-camera",
    "birdhide-irc",
    "heron-watch.mbox",
    "hotline-reports",
)
"""The exhibits, by the name of their file or folder."""

ActKind = Literal["received", "sent", "offered", "accessed", "record_only"]
KINDS = ("possessed", "received", "sent", "offered", "accessed", "record_only")


class Who(Struct, frozen=True, omit_defaults=True):
    """An invented pseudonym: service, the service's key for it, the names it goes by, what it owns."""

    service: str
    key: str
    names: tuple[str, ...]
    identifiers: tuple[tuple[str, str], ...] = ()
    """(kind, value) as the contract spells them, only those that a record says are its own."""


class Act(Struct, frozen=True):
    """One file in one message or record. ``id`` is what makes it the same act wherever it is found again."""

    exhibit: str
    picture: str
    kind: ActKind
    who: Who | None
    id: tuple[str, ...]


class Gone(Struct, frozen=True):
    """A file whose bytes nobody has, only its digest in a record."""

    key: str
    md5: str


class Story(Struct):
    """Collects what the builders of exhibits do."""

    pictures: dict[str, Picture]
    acts: list[Act] = field(default_factory=list)
    places: list[tuple[str, str]] = field(default_factory=list)
    """(exhibit, key of a picture whose bytes lie there)."""
    gone: dict[str, Gone] = field(default_factory=dict)
    people: dict[tuple[str, str], Who] = field(default_factory=dict)
    """Everybody who appears, by (service, key)."""

    def meet(self, *people: Who) -> None:
        """These personas appear in the evidence."""
        self.people.update({(who.service, who.key): who for who in people})

    def lay(self, exhibit: str, keys: Iterable[str]) -> None:
        """The bytes of these pictures lie in the exhibit, once each."""
        self.places += [(exhibit, key) for key in keys]

    def act(self, exhibit: str, key: str, kind: ActKind, who: Who, *id: str) -> None:
        """A message or record of the exhibit names the picture."""
        self.meet(who)
        self.acts.append(Act(exhibit, key, kind, who, (who.service, *id)))

    def sightings(self, key: str) -> dict[str, int]:
        """Acts and presences of one picture by kind (CONTRACT.md: sightings)."""
        counts = _tally(act for act in self.acts if act.picture == key)
        shared_in = {act.exhibit for act in self.acts if act.picture == key}
        counts["possessed"] = sum(1 for exhibit, lying in self.places if lying == key and exhibit not in shared_in)
        return counts

    def sightings_of(self, who: Who) -> dict[str, int]:
        """Acts of one persona by kind."""
        return _tally(act for act in self.acts if act.who == who)


def _tally(acts: Iterable[Act]) -> dict[str, int]:
    """How many different acts of each kind."""
    counts = dict.fromkeys(KINDS, 0)
    for kind in {(act.id, act.picture): act.kind for act in acts}.values():
        counts[kind] += 1
    return counts


def moment(text: str) -> datetime:
    """An aware datetime of "2026-02-26 07:10" (UTC)."""
    return datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=UTC)
