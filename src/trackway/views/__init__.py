"""The only door to read: scope, mask, an entry of the consultation in the ledger, then the answer (LED art. 25)."""
