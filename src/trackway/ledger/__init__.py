"""The ledger of what people did: an RFC 6962 Merkle tree over salted commitments.

Standard library only and no other part of Trackway, so that the defence can run it from a copy of this folder:
``tree`` (hashes and proofs), ``entry`` (what one entry is), ``checkpoint`` (size and root, kept by somebody else),
``append`` (what a store writes), ``audit`` (is it whole?), ``export`` (a ledger or single entries as text), ``verify``
(the door to audit and export, and their command line).

Numbers: entry numbers start at 1, leaf indices of the tree at 0, so entry ``no`` is leaf ``no - 1`` and a ledger of
size n ends with entry n.
"""
