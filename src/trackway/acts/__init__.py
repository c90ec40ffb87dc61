"""The only door to act: authorise, write the ledger, take effect, in one transaction.

What a person does is an entry of the ledger (who, when, reason, program version, the finding that it answered); its
effect on look-up tables is written in the same transaction or not at all.
"""
