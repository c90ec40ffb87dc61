"""The network's thresholds in one table, with their version: what an indication needs, what counts as common."""

VERSION = 1
"""Version of these rules; stands in every answer's coverage."""

RANKED_KINDS = ("wrote-to", "replied", "shared", "paid")
"""Only these edges make counterparts (CONTRACT.md). Being in one room, mentioning, claims: drawn, never ranked."""

PROTECTED = frozenset({"victim", "minor", "witness", "family"})
"""Categories set by a person whose bearers are drawn, never ranked (LED art. 6)."""

COMMON_ITEM = 20
"""A file or wallet that more personas than this share links none of them: viral material says nothing about contact."""
LARGE_ROOM = 30
"""Of a room with more personas than this no same-room edges are drawn: n personas would make n(n-1)/2."""
EDGE_TRACES = 5
"""Public ids of traces shown with one edge."""
INDICATION_TRACES = 20
"""Public ids of traces shown with one indication."""

ADMINISTRATOR_ACTS = 1
"""Acts that grant or revoke a role of *others*, or found the room."""
MODERATOR_ACTS = 3
"""Acts that remove, ban or admit *others*: "repeatedly"."""
INTRODUCER_INVITES = 1
"""Acts that bring others in."""
SUPPLIER_ITEMS = 3
"""Items first seen with this persona that others shared again; and more of these than shared after others."""

ZONE_MARGIN = 14 * 3600 * 1_000_000
"""Microseconds by which two times must differ to be ordered where the zone of one of them was only assumed."""

MISSING_SHARE = 0.3
"""Share of contacts assumed missing unless argued otherwise (NETWORK.md)."""
RESAMPLES = 100
QUANTILES = (0.05, 0.95)
