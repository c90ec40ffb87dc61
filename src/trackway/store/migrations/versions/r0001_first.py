"""The first tables."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
"""In SQLite the rowid itself."""
TEXT = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
"""Ordered by its bytes in both stores."""


def upgrade() -> None:
    """Makes them all."""
    _case()
    _sources()
    _measures()
    _readings()
    _parties()
    _lists()
    _terms()
    _ledger()
    _matches()
    _findings()


def _case() -> None:
    """The case and its counters."""
    op.create_table(
        "case_file",
        sa.Column("no", NUMBER, autoincrement=False, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("created_with", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("no", name=op.f("pk_case_file")),
        sa.UniqueConstraint("name", name=op.f("uq_case_file_name")),
    )
    op.create_table(
        "counter",
        sa.Column("name", TEXT, nullable=False),
        sa.Column("next", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_counter")),
    )


def _sources() -> None:
    """Exhibits, places and contents."""
    op.create_table(
        "exhibit",
        sa.Column("no", NUMBER, autoincrement=False, nullable=False),
        sa.Column("case_no", sa.Integer(), nullable=False),
        sa.Column("key", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("law", TEXT, nullable=False),
        sa.Column("zone", TEXT, nullable=True),
        sa.Column("added", sa.BigInteger(), nullable=False),
        sa.Column("acquired", sa.BigInteger(), nullable=True),
        sa.Column("acquisition", TEXT, nullable=True),
        sa.Column("done", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("no", name=op.f("pk_exhibit")),
        sa.UniqueConstraint("case_no", "key", name=op.f("uq_exhibit_case_no_key")),
    )
    op.create_table(
        "content",
        sa.Column("no", NUMBER, autoincrement=False, nullable=False),
        sa.Column("case_no", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("md5", sa.LargeBinary(), nullable=False),
        sa.Column("sha1", sa.LargeBinary(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("type", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("no", name=op.f("pk_content")),
        sa.UniqueConstraint("case_no", "sha256", name=op.f("uq_content_case_no_sha256")),
    )
    op.create_index(op.f("ix_content_case_no_md5"), "content", ["case_no", "md5"], unique=False)
    op.create_index(op.f("ix_content_case_no_sha1"), "content", ["case_no", "sha1"], unique=False)
    op.create_table(
        "place",
        sa.Column("no", NUMBER, autoincrement=False, nullable=False),
        sa.Column("case_no", sa.Integer(), nullable=False),
        sa.Column("exhibit", sa.BigInteger(), nullable=False),
        sa.Column("parent", sa.BigInteger(), nullable=False),
        sa.Column("path", TEXT, nullable=False),
        sa.Column("nth", sa.Integer(), nullable=False),
        sa.Column("content", sa.BigInteger(), nullable=True),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("times", TEXT, nullable=False),
        sa.Column("outcome", TEXT, nullable=False),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("notes", TEXT, nullable=False),
        sa.Column("out_of_scope", sa.BigInteger(), nullable=False),
        sa.Column("quarantined", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("no", name=op.f("pk_place")),
        sa.UniqueConstraint("exhibit", "parent", "path", "nth", name=op.f("uq_place_exhibit_parent_path_nth")),
    )
    op.create_index(op.f("ix_place_case_no_exhibit"), "place", ["case_no", "exhibit"], unique=False)
    op.create_index(op.f("ix_place_content"), "place", ["content"], unique=False)


def _measures() -> None:
    """What was measured of contents."""
    op.create_table(
        "measure",
        sa.Column("content", sa.BigInteger(), nullable=False),
        sa.Column("method", TEXT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("case_no", sa.Integer(), nullable=False),
        sa.Column("value", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("content", "method", "version", name=op.f("pk_measure")),
    )


def _readings() -> None:
    """Readings and traces."""
    op.create_table(
        "reading",
        sa.Column("no", NUMBER, autoincrement=False, nullable=False),
        sa.Column("case_no", sa.Integer(), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("content", sa.BigInteger(), nullable=False),
        sa.Column("reader", TEXT, nullable=False),
        sa.Column("version", TEXT, nullable=False),
        sa.Column("options", TEXT, nullable=False),
        sa.Column("passes", TEXT, nullable=False),
        sa.Column("kept", sa.BigInteger(), nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=True),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("notes", TEXT, nullable=False),
        sa.Column("current", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("no", name=op.f("pk_reading")),
        sa.UniqueConstraint("case_no", "key", name=op.f("uq_reading_case_no_key")),
    )
    op.create_index(op.f("ix_reading_content"), "reading", ["content"], unique=False)
    op.create_table(
        "trace",
        sa.Column("n", NUMBER, autoincrement=False, nullable=False),
        sa.Column("case_no", sa.Integer(), nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("instant", sa.BigInteger(), nullable=True),
        sa.Column("author", sa.BigInteger(), nullable=True),
        sa.Column("text", TEXT, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("leaf", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("n", name=op.f("pk_trace")),
    )
    op.create_index(op.f("ix_trace_author_n"), "trace", ["author", "n"], unique=False)
    op.create_table(
        "raw",
        sa.Column("first_n", NUMBER, autoincrement=False, nullable=False),
        sa.Column("block", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("first_n", name=op.f("pk_raw")),
    )
    op.create_table(
        "share",
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.Column("k", sa.Integer(), nullable=False),
        sa.Column("case_no", sa.Integer(), nullable=False),
        sa.Column("act", sa.LargeBinary(), nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("party", sa.BigInteger(), nullable=True),
        sa.Column("path", TEXT, nullable=True),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("md5", sa.LargeBinary(), nullable=True),
        sa.Column("sha1", sa.LargeBinary(), nullable=True),
        sa.Column("sha256", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("n", "k", name=op.f("pk_share")),
    )
    op.create_index(op.f("ix_share_case_no_md5"), "share", ["case_no", "md5"], unique=False)
    op.create_index(op.f("ix_share_case_no_sha1"), "share", ["case_no", "sha1"], unique=False)
    op.create_index(op.f("ix_share_case_no_sha256"), "share", ["case_no", "sha256"], unique=False)


def _parties() -> None:
    """Personas and identifiers."""
    op.create_table(
        "party",
        sa.Column("no", NUMBER, autoincrement=False, nullable=False),
        sa.Column("case_no", sa.Integer(), nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("service", TEXT, nullable=False),
        sa.Column("value", TEXT, nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("no", name=op.f("pk_party")),
        sa.UniqueConstraint("case_no", "key", name=op.f("uq_party_case_no_key")),
    )
    op.create_index(op.f("ix_party_case_no_kind_service"), "party", ["case_no", "kind", "service"], unique=False)
    op.create_table(
        "party_name",
        sa.Column("party", sa.BigInteger(), nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("reading", sa.BigInteger(), nullable=False),
        sa.Column("first", sa.BigInteger(), nullable=True),
        sa.Column("last", sa.BigInteger(), nullable=True),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("party", "name", "reading", name=op.f("pk_party_name")),
    )
    op.create_table(
        "mention",
        sa.Column("party", sa.BigInteger(), nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.Column("role", TEXT, nullable=False),
        sa.Column("instant", sa.BigInteger(), nullable=True),
        sa.Column("by", sa.BigInteger(), nullable=True),
    )
    op.create_index(op.f("ix_mention_by_party"), "mention", ["by", "party"], unique=False)
    op.create_index(op.f("ix_mention_n"), "mention", ["n"], unique=False)
    op.create_index(op.f("ix_mention_party_instant_n"), "mention", ["party", "instant", "n"], unique=False)


def _lists() -> None:
    """Known lists."""
    op.create_table(
        "listver",
        sa.Column("no", NUMBER, autoincrement=False, nullable=False),
        sa.Column("case_no", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("format", TEXT, nullable=False),
        sa.Column("country", TEXT, nullable=False),
        sa.Column("version", TEXT, nullable=False),
        sa.Column("records", sa.BigInteger(), nullable=False),
        sa.Column("photodna", sa.BigInteger(), nullable=False),
        sa.Column("skipped", TEXT, nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("current", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("no", name=op.f("pk_listver")),
        sa.UniqueConstraint("case_no", "name", "sha256", name=op.f("uq_listver_case_no_name_sha256")),
    )
    op.create_table(
        "list_entry",
        sa.Column("no", NUMBER, autoincrement=False, nullable=False),
        sa.Column("list", sa.BigInteger(), nullable=False),
        sa.Column("entry", TEXT, nullable=False),
        sa.Column("md5", sa.LargeBinary(), nullable=True),
        sa.Column("sha1", sa.LargeBinary(), nullable=True),
        sa.Column("sha256", sa.LargeBinary(), nullable=True),
        sa.Column("pdq", sa.LargeBinary(), nullable=True),
        sa.Column("names", TEXT, nullable=False),
        sa.Column("label", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("no", name=op.f("pk_list_entry")),
    )
    op.create_index(op.f("ix_list_entry_list"), "list_entry", ["list"], unique=False)
    op.create_index(op.f("ix_list_entry_md5"), "list_entry", ["md5"], unique=False)
    op.create_index(op.f("ix_list_entry_sha1"), "list_entry", ["sha1"], unique=False)
    op.create_index(op.f("ix_list_entry_sha256"), "list_entry", ["sha256"], unique=False)
    op.create_table(
        "list_name",
        sa.Column("list_entry", sa.BigInteger(), nullable=False),
        sa.Column("pattern", TEXT, nullable=False),
        sa.Column("list", sa.BigInteger(), nullable=False),
        sa.Column("series", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("list_entry", "pattern", name=op.f("pk_list_name")),
    )
    op.create_index(op.f("ix_list_name_list"), "list_name", ["list"], unique=False)
    op.create_index(op.f("ix_list_name_pattern"), "list_name", ["pattern"], unique=False)
    op.create_table(
        "list_series",
        sa.Column("list", sa.BigInteger(), nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("token", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("list", "name", name=op.f("pk_list_series")),
    )


def _terms() -> None:
    """Danger terms."""
    op.create_table(
        "term",
        sa.Column("no", NUMBER, autoincrement=False, nullable=False),
        sa.Column("case_no", sa.Integer(), nullable=False),
        sa.Column("term", TEXT, nullable=False),
        sa.Column("sign", TEXT, nullable=False),
        sa.Column("language", TEXT, nullable=False),
        sa.Column("note", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("no", name=op.f("pk_term")),
        sa.UniqueConstraint("case_no", "term", "sign", "language", name=op.f("uq_term_case_no_term_sign_language")),
    )


def _ledger() -> None:
    """The ledger, and its decisions for look-up."""
    op.create_table(
        "entry",
        sa.Column("case_no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("no", NUMBER, autoincrement=False, nullable=False),
        sa.Column("commitment", sa.LargeBinary(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("leaf", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("case_no", "no", name=op.f("pk_entry")),
    )
    op.create_table(
        "node",
        sa.Column("case_no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("level", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("i", NUMBER, autoincrement=False, nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("case_no", "level", "i", name=op.f("pk_node")),
    )
    op.create_table(
        "head",
        sa.Column("case_no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("case_no", name=op.f("pk_head")),
    )
    op.create_table(
        "decision",
        sa.Column("case_no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("no", NUMBER, autoincrement=False, nullable=False),
        sa.Column("act", TEXT, nullable=False),
        sa.Column("subject", TEXT, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("who", TEXT, nullable=False),
        sa.Column("body", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("case_no", "no", name=op.f("pk_decision")),
    )
    op.create_index(op.f("ix_decision_case_no_act_subject"), "decision", ["case_no", "act", "subject"], unique=False)


def _matches() -> None:
    """What is derived of media."""
    op.create_table(
        "hit",
        sa.Column("media", TEXT, nullable=False),
        sa.Column("list_entry", sa.BigInteger(), nullable=False),
        sa.Column("case_no", sa.Integer(), nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("distance", sa.Integer(), nullable=False),
        sa.Column("form", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("media", "list_entry", name=op.f("pk_hit")),
    )
    op.create_index(op.f("ix_hit_list_entry"), "hit", ["list_entry"], unique=False)
    op.create_table(
        "near",
        sa.Column("case_no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("a", TEXT, nullable=False),
        sa.Column("b", TEXT, nullable=False),
        sa.Column("distance", sa.Integer(), nullable=False),
        sa.Column("form", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("case_no", "a", "b", name=op.f("pk_near")),
    )
    op.create_table(
        "tie_group",
        sa.Column("case_no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("media", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("value", TEXT, nullable=False),
        sa.Column("n", NUMBER, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("case_no", "media", "kind", "value", "n", name=op.f("pk_tie_group")),
    )
    op.create_index(op.f("ix_tie_group_case_no_kind_value"), "tie_group", ["case_no", "kind", "value"], unique=False)
    op.create_index(op.f("ix_tie_group_n"), "tie_group", ["n"], unique=False)
    op.create_table(
        "term_hit",
        sa.Column("n", NUMBER, autoincrement=False, nullable=False),
        sa.Column("term", sa.BigInteger(), nullable=False),
        sa.Column("case_no", sa.Integer(), nullable=False),
        sa.Column("author", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("n", "term", name=op.f("pk_term_hit")),
    )
    op.create_index(op.f("ix_term_hit_author"), "term_hit", ["author"], unique=False)
    op.create_table(
        "sighting",
        sa.Column("media", TEXT, nullable=False),
        sa.Column("act", sa.LargeBinary(), nullable=False),
        sa.Column("n", NUMBER, autoincrement=False, nullable=False),
        sa.Column("case_no", sa.Integer(), nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("party", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("media", "act", "n", name=op.f("pk_sighting")),
    )
    op.create_index(op.f("ix_sighting_n"), "sighting", ["n"], unique=False)
    op.create_index(op.f("ix_sighting_party"), "sighting", ["party"], unique=False)


def _findings() -> None:
    """Findings, the queue, and what must be derived again."""
    op.create_table(
        "dirty",
        sa.Column("case_no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("stage", TEXT, nullable=False),
        sa.Column("subject", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("case_no", "stage", "subject", name=op.f("pk_dirty")),
    )
    op.create_table(
        "finding",
        sa.Column("case_no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("subject", TEXT, nullable=False),
        sa.Column("method", TEXT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("body", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("case_no", "kind", "subject", name=op.f("pk_finding")),
    )
    op.create_table(
        "finding_link",
        sa.Column("case_no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("subject", TEXT, nullable=False),
        sa.Column("to", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("case_no", "kind", "subject", "to", name=op.f("pk_finding_link")),
    )
    op.create_index(op.f("ix_finding_link_case_no_to"), "finding_link", ["case_no", "to"], unique=False)
    op.create_table(
        "item",
        sa.Column("case_no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("subject", TEXT, nullable=False),
        sa.Column("tier", sa.Integer(), nullable=False),
        sa.Column("order", TEXT, nullable=False),
        sa.Column("body", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("case_no", "subject", name=op.f("pk_item")),
    )
    op.create_index(
        op.f("ix_item_case_no_tier_order_subject"), "item", ["case_no", "tier", "order", "subject"], unique=False
    )
