"""Personas, their identifiers, claims and judgements. Who is who is never stored as a merge (DESIGN.md, section 2)."""
