"""Series: what lists say belongs together. A series' name can carry a child's name, so only a token leaves."""

import hashlib
import unicodedata

SERIES_NAMED = "series-name"
"""Kind of link from a reading to the name of a series that its records (a case exported by another program) give."""


NAME_KEPT = 500
"""Characters of a series' name that are kept for masking it: PostgreSQL indexes no longer value than 2,704 bytes."""


def series_token(name: str | None) -> str | None:
    """An opaque token, one a series: two lists that write the name alike (case, blanks, accents aside) share it.

    It hides the name from a reader of screens and papers, not from somebody who can guess it and reckon."""
    if name is None:
        return None
    plain = " ".join(unicodedata.normalize("NFKC", name).casefold().split())
    if not plain:
        return None
    return "series-" + hashlib.sha256(b"trackway series\0" + plain.encode()).hexdigest()[:16]
