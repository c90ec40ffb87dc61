"""The stages of personas, identifiers and claims, in their order."""

from trackway.parties.claims import CLAIMS
from trackway.parties.persona import PARTIES, PERSONAS, PROFILES

PARTY_STAGES = (PARTIES, PERSONAS, PROFILES, CLAIMS)
"""A party that a record named -> the personas that it touches -> their findings -> the claims between them."""
