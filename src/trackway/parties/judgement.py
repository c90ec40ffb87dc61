"""What a person says of a claim. A judgement is no score, and no score is a judgement (as in nomenklatura)."""

from enum import StrEnum

from trackway.model.errors import Refused


class Judgement(StrEnum):
    """Accepted, rejected or unsure; a claim that nobody judged yet has none (``null`` in answers): it is open."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    UNSURE = "unsure"


def judgement_named(word: str) -> Judgement:
    """The judgement that a person wrote. Raises Refused for any other word."""
    try:
        return Judgement(word.strip().lower())
    except ValueError as error:
        raise Refused(f"{word[:40]!r} is no judgement: say accepted, rejected or unsure.", "bad-judgement") from error
