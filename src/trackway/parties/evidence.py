"""Kinds of sourced fact that link two personas: what each speaks about, how it reads, and what else would explain it.

None has a measured likelihood ratio yet, so none states a figure (PUZZLE.md: no LR before the rate of sharing, sale
and cloning is measured). Evidence is data here: a further kind is one more row.
"""

from typing import Literal

from msgspec import Struct

from trackway.parties.bonds import CAMERA, Bond, period

Level = Literal["device", "account", "person"]
LEVELS: tuple[Level, ...] = ("device", "account", "person")
"""What a claim speaks about. The step to the person needs its own human argument."""


class Kind(Struct, frozen=True):
    """One kind of evidence. ``noun`` is what its sentence calls it; ``alternative`` completes "or that ..."."""

    evidence: str
    level: Level
    noun: str
    alternative: str


RENAME = Kind("server-rename", "account", "", "somebody else took over the nick or the connection")
SHARED_IDENTIFIERS: dict[str, Kind] = {
    "mail": Kind("mail", "account", "mail address", "the mail address is shared, or was entered by somebody else"),
    "phone": Kind(
        "phone", "account", "phone number", "the phone number is shared, or was given to somebody else later"
    ),
    "wallet": Kind("wallet", "account", "wallet", "the wallet is shared, or belongs to an exchange"),
    "pgp": Kind("pgp", "account", "key", "the key is shared, or was posted by somebody else"),
    "ip-port": Kind(
        "ip-port",
        "account",
        "address and port",
        "other users stood behind the same address and port: a household, a network of a carrier, a VPN, another time",
    ),
    CAMERA: Kind(
        CAMERA,
        "device",
        "camera's serial number",
        "the pictures of somebody else's camera were passed on, or the number is repeated or was edited",
    ),
    "device": Kind("device", "device", "device number", "the device is shared or was sold, or its number was cloned"),
}
"""By kind of identifier. Plain IP addresses, hosts, links and user names link nobody by themselves."""


class Persona(Struct, frozen=True):
    """A persona in a sentence: its public id, service and account."""

    id: str
    service: str
    account: str

    @property
    def words(self) -> str:
        return f"{self.account} ({self.service})"


def shared_sentence(kind: Kind, value: str, sides: list[tuple[Persona, Bond]]) -> str:
    """The sentence of an identifier that records give as both personas' own, with the dates on either side."""
    said = " and ".join(f"{who.words}, {period(bond.first, bond.last)}" for who, bond in sides)
    return f"The {kind.noun} {value} is each one's own, as the records say: {said}."


def rename_sentence(old: Persona, new: Persona, times: int, first: int | None, last: int | None) -> str:
    """The sentence of a server's notice of a new name."""
    often = "" if times == 1 else f" {times} times,"
    said = f"The server says that {old.account} is now known as {new.account} ({new.service})"
    return f"{said},{often} {period(first, last)}."


def hp_of(level: Level, one: Persona, other: Persona) -> str:
    """The first proposition."""
    if level == "device":
        return f"What {one.words} and {other.words} shared or used comes from one and the same device."
    if level == "account":
        return f"The accounts {one.words} and {other.words} are held by one and the same user."
    return f"{one.words} and {other.words} are one and the same person."


def hd_of(level: Level, one: Persona, other: Persona, alternatives: list[str]) -> str:
    """The second proposition: a named alternative, never just "not so"."""
    if level == "device":
        base = f"{one.words} and {other.words} used different devices"
    elif level == "account":
        base = f"{one.words} and {other.words} are held by different users"
    else:
        base = f"{one.words} and {other.words} are different people"
    return f"{base}; {'; '.join(alternatives)}." if alternatives else f"{base}."
