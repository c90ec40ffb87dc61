"""The tables, one schema for both stores.

Three kinds, kept apart by name and by who writes them:

* *facts* (written by intake and by loading lists) only grow;
* the *ledger* (written by ``acts`` and ``views``) only grows, and ``decision`` is its projection for look-up;
* *derived* tables (written by the analysts) are disposable and rebuilt at any time.

Numbers (``no``) are internal and differ between stores and orders of intake; nothing that leaves the program shows
them. Instants are microseconds since 1970 UTC. Digests are raw bytes.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    UniqueConstraint,
)
from sqlalchemy import Text as AnyText
from sqlalchemy.dialects import postgresql

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite makes INTEGER PRIMARY KEY the rowid itself, which is the fastest key it has; BIGINT would not be one.
Key = BigInteger().with_variant(Integer, "sqlite")

# Both stores order texts by their bytes: a server's own order (of a language) would give another order of answers.
Text = AnyText().with_variant(postgresql.TEXT(collation="C"), "postgresql")


def _case() -> Column[int]:
    return Column("case_no", Integer, nullable=False)


case = Table(
    "case_file",
    metadata,
    Column("no", Key, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False, unique=True),
    Column("created_with", Text, nullable=False),
)

counter = Table(
    "counter",
    metadata,
    Column("name", Text, primary_key=True),
    Column("next", BigInteger, nullable=False),
)

# ---------------------------------------------------------------- facts

exhibit = Table(
    "exhibit",
    metadata,
    Column("no", Key, primary_key=True, autoincrement=False),
    _case(),
    Column("key", Text, nullable=False),  # where it lies on this machine: never shown
    Column("name", Text, nullable=False),  # as given: base name
    Column("law", Text, nullable=False),  # JSON: basis, authority, decision, scope, until, seizure
    Column("zone", Text),
    Column("added", BigInteger, nullable=False),  # when it was added, by the officer's clock
    Column("acquired", BigInteger),  # when it was acquired, where somebody said so
    Column("acquisition", Text),  # JSON: stored and computed digests
    Column("done", Boolean, nullable=False, default=False),
    UniqueConstraint("case_no", "key"),
)

content = Table(
    "content",
    metadata,
    Column("no", Key, primary_key=True, autoincrement=False),
    _case(),
    Column("sha256", LargeBinary, nullable=False),
    Column("md5", LargeBinary, nullable=False),
    Column("sha1", LargeBinary, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("type", Text, nullable=False, default=""),
    UniqueConstraint("case_no", "sha256"),
    Index(None, "case_no", "md5"),
    Index(None, "case_no", "sha1"),
)

place = Table(
    "place",
    metadata,
    Column("no", Key, primary_key=True, autoincrement=False),
    _case(),
    Column("exhibit", BigInteger, nullable=False),
    Column("parent", BigInteger, nullable=False),  # the container's place; 0 = the exhibit itself
    Column("path", Text, nullable=False),  # inside the parent
    Column("nth", Integer, nullable=False, default=0),  # several members may bear one name
    Column("content", BigInteger),  # NULL: its bytes could not be had
    Column("state", Text, nullable=False, default="present"),
    Column("times", Text, nullable=False, default="{}"),
    Column("outcome", Text, nullable=False, default=""),  # '' while open; else see intake.writer.Outcome
    Column("reason", Text, nullable=False, default=""),  # why it was not, or not wholly, read
    Column("notes", Text, nullable=False, default="[]"),  # JSON [[locator, reason]]: what in it was not understood
    Column("out_of_scope", BigInteger, nullable=False, default=0),  # records, counted under this exhibit's law
    Column("quarantined", BigInteger, nullable=False, default=0),
    UniqueConstraint("exhibit", "parent", "path", "nth"),
    Index(None, "content"),
    Index(None, "case_no", "exhibit"),
)

reading = Table(
    "reading",
    metadata,
    Column("no", Key, primary_key=True, autoincrement=False),
    _case(),
    Column("key", LargeBinary, nullable=False),  # SHA-256 of (source, reader, version, options)
    Column("content", BigInteger, nullable=False),
    Column("reader", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("options", Text, nullable=False, default="{}"),
    Column("passes", Text, nullable=False, default="{}"),  # JSON {digest of a scope: intake.writer.Pass}
    Column("kept", BigInteger, nullable=False, default=0),  # traces
    Column("root", LargeBinary),  # ordered root over the traces' leaves, once done
    Column("state", Text, nullable=False, default="open"),  # open | done | partial | failed
    Column("reason", Text, nullable=False, default=""),
    Column("notes", Text, nullable=False, default="[]"),  # JSON: [locator, reason] not understood (bounded)
    Column("current", Boolean, nullable=False, default=True),
    UniqueConstraint("case_no", "key"),
    Index(None, "content"),
)

trace = Table(
    "trace",
    metadata,
    Column("n", Key, primary_key=True, autoincrement=False),  # reading << 32 | i
    _case(),
    Column("kind", Text, nullable=False),
    Column("instant", BigInteger),
    Column("author", BigInteger),  # party
    Column("text", Text, nullable=False, default=""),
    Column("body", LargeBinary, nullable=False),  # the Trace, msgpack, without text and raw
    Column("leaf", LargeBinary, nullable=False),  # SHA-256 of the Trace as read
    Index(None, "author", "n"),
)

raw = Table(
    "raw",
    metadata,
    Column("first_n", Key, primary_key=True, autoincrement=False),
    Column("block", LargeBinary, nullable=False),  # zstd of msgpack [(n, raw bytes)], up to 500 records
)

party = Table(
    "party",
    metadata,
    Column("no", Key, primary_key=True, autoincrement=False),
    _case(),
    Column("kind", Text, nullable=False),  # persona | identifier
    Column("service", Text, nullable=False),  # of an identifier: its kind
    Column("value", Text, nullable=False),
    Column("key", LargeBinary, nullable=False),  # 16 bytes; hex is the public id
    UniqueConstraint("case_no", "key"),
    Index(None, "case_no", "kind", "service"),
)

party_name = Table(
    "party_name",
    metadata,
    Column("party", BigInteger, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("reading", BigInteger, primary_key=True),
    Column("first", BigInteger),
    Column("last", BigInteger),
    Column("n", BigInteger, nullable=False),  # the first trace that bears it
)

mention = Table(
    "mention",
    metadata,
    Column("party", BigInteger, nullable=False),
    Column("n", BigInteger, nullable=False),
    Column("role", Text, nullable=False),  # author | to | other | own | mentioned
    Column("instant", BigInteger),
    Column("by", BigInteger),  # the trace's author, for identifiers
    Index(None, "party", "instant", "n"),
    Index(None, "by", "party"),
    Index(None, "n"),
)

share = Table(
    "share",
    metadata,
    Column("n", BigInteger, primary_key=True),
    Column("k", Integer, primary_key=True),
    _case(),
    Column("act", LargeBinary, nullable=False),  # 16 bytes: service, conversation, record id, file
    Column("kind", Text, nullable=False),
    Column("party", BigInteger),
    Column("path", Text),
    Column("name", Text, nullable=False, default=""),
    Column("md5", LargeBinary),
    Column("sha1", LargeBinary),
    Column("sha256", LargeBinary),
    Index(None, "case_no", "md5"),
    Index(None, "case_no", "sha1"),
    Index(None, "case_no", "sha256"),
)

measure = Table(
    "measure",
    metadata,
    Column("content", BigInteger, primary_key=True),
    Column("method", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    _case(),
    Column("value", Text, nullable=False),
)

listver = Table(
    "listver",
    metadata,
    Column("no", Key, primary_key=True, autoincrement=False),
    _case(),
    Column("sha256", LargeBinary, nullable=False),
    Column("name", Text, nullable=False),
    Column("format", Text, nullable=False),
    Column("country", Text, nullable=False, default=""),
    Column("version", Text, nullable=False, default=""),
    Column("records", BigInteger, nullable=False, default=0),
    Column("photodna", BigInteger, nullable=False, default=0),
    Column("skipped", Text, nullable=False, default="[]"),
    Column("seq", Integer, nullable=False, default=0),  # which version of the same name stands: the highest
    Column("current", Boolean, nullable=False, default=False),
    UniqueConstraint("case_no", "name", "sha256"),
)

list_entry = Table(
    "list_entry",
    metadata,
    Column("no", Key, primary_key=True, autoincrement=False),
    Column("list", BigInteger, nullable=False),
    Column("entry", Text, nullable=False),
    Column("md5", LargeBinary),
    Column("sha1", LargeBinary),
    Column("sha256", LargeBinary),
    Column("pdq", LargeBinary),
    Column("names", Text, nullable=False, default="[]"),
    Column("label", Text, nullable=False, default="{}"),
    Index(None, "md5"),
    Index(None, "sha1"),
    Index(None, "sha256"),
    Index(None, "list"),
)

list_name = Table(
    "list_name",
    metadata,
    Column("list_entry", BigInteger, primary_key=True),
    Column("pattern", Text, primary_key=True),  # of a distinctive file name (match.contents.distinctive)
    Column("list", BigInteger, nullable=False),
    Column("series", Text, nullable=False),  # token
    Index(None, "pattern"),
    Index(None, "list"),
)

list_series = Table(
    "list_series",
    metadata,
    Column("list", BigInteger, primary_key=True),
    Column("name", Text, primary_key=True),  # as the list writes it: sensitive, shown only when asked for
    Column("token", Text, nullable=False),
)

term = Table(
    "term",
    metadata,
    Column("no", Key, primary_key=True, autoincrement=False),
    _case(),
    Column("term", Text, nullable=False),
    Column("sign", Text, nullable=False),
    Column("language", Text, nullable=False, default=""),
    Column("note", Text, nullable=False, default=""),
    UniqueConstraint("case_no", "term", "sign", "language"),
)

# ---------------------------------------------------------------- ledger

entry = Table(
    "entry",
    metadata,
    Column("case_no", Integer, primary_key=True, autoincrement=False),
    Column("no", Key, primary_key=True, autoincrement=False),
    Column("commitment", LargeBinary, nullable=False),
    Column("salt", LargeBinary),
    Column("body", LargeBinary),
    Column("leaf", LargeBinary, nullable=False),
)

node = Table(
    "node",
    metadata,
    Column("case_no", Integer, primary_key=True, autoincrement=False),
    Column("level", Integer, primary_key=True, autoincrement=False),
    Column("i", Key, primary_key=True, autoincrement=False),
    Column("hash", LargeBinary, nullable=False),
)

head = Table(
    "head",
    metadata,
    Column("case_no", Integer, primary_key=True, autoincrement=False),
    Column("size", BigInteger, nullable=False),
    Column("root", LargeBinary, nullable=False),
)

decision = Table(
    "decision",
    metadata,
    Column("case_no", Integer, primary_key=True, autoincrement=False),
    Column("no", Key, primary_key=True, autoincrement=False),  # the ledger entry's number
    Column("act", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("who", Text, nullable=False),
    Column("body", Text, nullable=False),
    Index(None, "case_no", "act", "subject"),
)

# ---------------------------------------------------------------- derived

dirty = Table(
    "dirty",
    metadata,
    Column("case_no", Integer, primary_key=True, autoincrement=False),
    Column("stage", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
)

hit = Table(
    "hit",
    metadata,
    Column("media", Text, primary_key=True),  # media key
    Column("list_entry", BigInteger, primary_key=True),
    _case(),
    Column("kind", Text, nullable=False),  # exact | near
    Column("distance", Integer, nullable=False),
    Column("form", Text, nullable=False, default=""),
    Index(None, "list_entry"),
)

near = Table(
    "near",
    metadata,
    Column("case_no", Integer, primary_key=True, autoincrement=False),
    Column("a", Text, primary_key=True),  # media keys, both directions are stored
    Column("b", Text, primary_key=True),
    Column("distance", Integer, nullable=False),
    Column("form", Text, nullable=False, default=""),
)

tie_group = Table(
    "tie_group",
    metadata,
    Column("case_no", Integer, primary_key=True, autoincrement=False),
    Column("media", Text, primary_key=True),
    Column("kind", Text, primary_key=True),  # message | album | camera | name
    Column("value", Text, primary_key=True),
    Column("n", Key, primary_key=True, autoincrement=False),  # the trace that puts it there; 0: a file's own name
    Index(None, "case_no", "kind", "value"),
    Index(None, "n"),
)

term_hit = Table(
    "term_hit",
    metadata,
    Column("n", Key, primary_key=True, autoincrement=False),
    Column("term", BigInteger, primary_key=True),
    _case(),
    Column("author", BigInteger),
    Index(None, "author"),
)

sighting = Table(
    "sighting",
    metadata,
    Column("media", Text, primary_key=True),
    Column("act", LargeBinary, primary_key=True),
    Column(
        "n", Key, primary_key=True, autoincrement=False
    ),  # the trace that shows the act; two exports show one act twice
    _case(),
    Column("kind", Text, nullable=False),
    Column("party", BigInteger),
    Index(None, "party"),
    Index(None, "n"),
)

finding = Table(
    "finding",
    metadata,
    Column("case_no", Integer, primary_key=True, autoincrement=False),
    Column("kind", Text, primary_key=True),  # media | claim | persona | conflict | tension ...
    Column("subject", Text, primary_key=True),
    Column("method", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("body", Text, nullable=False),  # canonical JSON, without any internal number
)

finding_link = Table(
    "finding_link",
    metadata,
    Column("case_no", Integer, primary_key=True, autoincrement=False),
    Column("kind", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("to", Text, primary_key=True),  # "persona:<id>", "media:<key>": for looking findings up from the other end
    Index(None, "case_no", "to"),
)

item = Table(
    "item",
    metadata,
    Column("case_no", Integer, primary_key=True, autoincrement=False),
    Column("subject", Text, primary_key=True),  # "kind:id"
    Column("tier", Integer, nullable=False),
    Column("order", Text, nullable=False),  # ties inside a tier, worst first; no clock, no number of files
    Column("body", Text, nullable=False),
    Index(None, "case_no", "tier", "order", "subject"),
)

FACTS = (
    exhibit,
    content,
    place,
    reading,
    trace,
    raw,
    party,
    party_name,
    mention,
    share,
    measure,
    listver,
    list_entry,
    list_name,
    list_series,
    term,
)
LEDGER = (entry, node, head, decision)
DERIVED = (dirty, hit, near, tie_group, term_hit, sighting, finding, finding_link, item)
