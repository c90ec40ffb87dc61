"""The rules of law and scope by themselves: what is refused, which days a period holds, what the gate lets through."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from trackway.intake.law import Gate, Law, Scope, Verdict, check_law, day, scope_of
from trackway.model.errors import Refused
from trackway.model.times import iso
from trackway.model.trace import Conversation, Identifier, Moment, PersonaRef, Trace

TODAY = datetime(2026, 3, 1, 9, tzinfo=UTC)
HOUR = 3_600_000_000


@pytest.mark.parametrize(
    ("law", "code"),
    [
        (Law("warrant 14"), None),
        (Law(""), "no-basis"),
        (Law("  \t"), "no-basis"),
        (Law("warrant 14", ends="2026-02-28"), "authorisation-ended"),
        (Law("warrant 14", ends="2026-03-01"), None),
        (Law("warrant 14", ends="20260301"), None),
        (Law("warrant 14", ends="2026-03-01T08:59:59+00:00"), "authorisation-ended"),
        (Law("warrant 14", ends="2026-03-01T10:30:00+02:00"), "authorisation-ended"),
        (Law("warrant 14", ends="2026-03-01T09:00:01Z"), None),
        (Law("warrant 14", ends="9999-12-31"), None),
        (Law("warrant 14", ends="next week"), "bad-date"),
        (Law("warrant 14", ends="2026-02-30"), "bad-date"),
    ],
)
def test_what_an_officer_may_read_today(law: Law, code: str | None) -> None:
    if code is None:
        check_law(law, TODAY)
        return
    with pytest.raises(Refused) as refused:
        check_law(law, TODAY)
    assert refused.value.code == code
    assert refused.value.sentence.endswith(".")


@pytest.mark.parametrize(
    ("written", "after", "instant"),
    [
        ("2026-03-01", False, "2026-03-01T00:00:00Z"),
        ("2026-03-01", True, "2026-03-02T00:00:00Z"),
        ("20260301", True, "2026-03-02T00:00:00Z"),
        ("2026-02-28", True, "2026-03-01T00:00:00Z"),
        ("2026-03-01T12:00:00+02:00", True, "2026-03-01T10:00:00Z"),
        ("2026-03-01 12:00", True, "2026-03-01T12:00:00Z"),
    ],
)
def test_a_day_is_whole_and_a_moment_is_itself(written: str, after: bool, instant: str) -> None:
    assert iso(day(written, "test", after)) == instant


def test_the_last_day_of_the_calendar_can_be_named() -> None:
    assert day("9999-12-31", "test", after=True) >= day("9999-12-31T23:59:59+00:00", "test")


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ((None, None, False, [], ["massage"]), "bad-kind"),
        (("2026-03-02", "2026-03-01", False, [], []), "bad-period"),
        (("2026-03-01T09:00:00Z", "2026-03-01T09:00:00Z", False, [], []), "bad-period"),
        ((None, None, False, ["heron", " "], []), "bad-person"),
        (("yesterday", None, False, [], []), "bad-date"),
    ],
)
def test_a_scope_that_says_nothing_sensible_is_refused(options: tuple, code: str) -> None:
    with pytest.raises(Refused) as refused:
        scope_of(*options)
    assert refused.value.code == code


def test_the_same_scope_has_one_digest_however_it_was_written() -> None:
    one = scope_of("2026-03-01", None, False, ["Heron", "reed "], ["mail", "message"])
    other = scope_of("2026-03-01T01:00:00+01:00", None, False, [" REED", "heron", "reed"], ["message", "mail", "mail"])
    assert one == other
    assert one.digest == other.digest != Scope().digest == "all"
    assert scope_of("2026-03-01", "2026-03-01", False, [], []).digest != one.digest


HERON = PersonaRef("irc", "heron", ("Heron ⚓",))
REED = PersonaRef("telegram", "user42", ("Reed",))
AT = Moment("x", 100 * HOUR)


@pytest.mark.parametrize(
    ("trace", "scope", "verdict"),
    [
        (Trace("message", "1", AT), Scope(), "in"),
        (Trace("message", "1", AT), Scope(since=100 * HOUR), "in"),
        (Trace("message", "1", AT), Scope(until=100 * HOUR), "out"),
        (Trace("message", "1", AT), Scope(since=100 * HOUR + 1), "out"),
        (Trace("message", "1", AT), Scope(since=99 * HOUR, until=101 * HOUR), "in"),
        (Trace("message", "1"), Scope(since=0), "out"),
        (Trace("message", "1", Moment("12:00", None, "none")), Scope(until=10**18), "out"),
        (Trace("message", "1"), Scope(since=0, undated=True), "in"),
        (Trace("message", "1", AT), Scope(until=1, undated=True), "out"),
        (Trace("message", "1"), Scope(undated=True), "in"),
        (Trace("message", "1"), Scope(kinds=("mail", "message")), "in"),
        (Trace("media", "1"), Scope(kinds=("mail", "message")), "out"),
        (Trace("message", "1", author=HERON), Scope(persons=("heron",)), "in"),
        (Trace("message", "1", author=HERON), Scope(persons=("heron ⚓",)), "in"),
        (Trace("message", "1", author=REED, to=(HERON,)), Scope(persons=("heron",)), "in"),
        (Trace("message", "1", others=(REED,)), Scope(persons=("reed",)), "in"),
        (Trace("message", "1", author=REED), Scope(persons=("heron",)), "out"),
        (Trace("message", "1", text="heron was here"), Scope(persons=("heron",)), "out"),
        (Trace("login", "1", identifiers=(Identifier("mail", "h@x.example"),)), Scope(persons=("h@x.example",)), "in"),
        (
            Trace("message", "1", author=REED, conversation=Conversation("irc", "heron", "Heron")),
            Scope(persons=("heron",)),
            "in",
        ),
        (
            Trace("message", "1", author=REED, conversation=Conversation("irc", "#heron", "heron", "open")),
            Scope(persons=("heron",)),
            "out",
        ),
        (Trace("message", "1", AT, author=HERON), Scope(since=101 * HOUR, persons=("heron",)), "out"),
        (Trace("message", "1", AT, author=HERON), Scope(since=99 * HOUR, persons=("heron",)), "in"),
    ],
)
def test_what_a_scope_lets_through(trace: Trace, scope: Scope, verdict: Verdict) -> None:
    assert Gate(scope).judge(trace) == verdict


@pytest.mark.parametrize(
    ("trace", "scope", "verdict"),
    [
        (Trace("mail", "1", author=HERON), Scope(), "in"),
        (Trace("mail", "1", author=REED), Scope(), "quarantined"),
        (Trace("mail", "1", to=(HERON, REED)), Scope(), "quarantined"),
        (Trace("mail", "1", identifiers=(Identifier("phone", "+31600000001"),)), Scope(), "quarantined"),
        (Trace("mail", "1", conversation=Conversation("irc", "user42")), Scope(), "quarantined"),
        (Trace("mail", "1", author=REED), Scope(kinds=("message",)), "out"),
        (Trace("mail", "1", author=REED), Scope(persons=("heron",)), "out"),
        (Trace("mail", "1", author=HERON, to=(REED,)), Scope(persons=("heron",)), "quarantined"),
    ],
)
def test_a_privileged_contact_is_quarantined_where_the_scope_lets_it_through(
    trace: Trace, scope: Scope, verdict: Verdict
) -> None:
    assert Gate(scope, frozenset({"user42", "+31600000001"})).judge(trace) == verdict


def test_the_list_of_privileged_contacts_is_part_of_what_a_pass_is_known_by() -> None:
    digests = [Gate(Scope(), frozenset(one)).digest for one in ([], ["user42"], ["user42", "heron"])]
    assert len(set(digests)) == 3


INSTANTS = st.none() | st.integers(0, 10)
TRACES = st.builds(
    lambda kind, at, key: Trace(kind, "1", None if at is None else Moment("x", at), PersonaRef("irc", key)),
    st.sampled_from(["message", "mail", "media"]),
    INSTANTS,
    st.sampled_from(["heron", "reed", "otter"]),
)
SCOPES = st.builds(
    Scope,
    INSTANTS,
    INSTANTS,
    st.booleans(),
    st.sampled_from([(), ("heron",), ("heron", "reed")]),
    st.sampled_from([(), ("message",), ("mail", "message")]),
)


@given(TRACES, SCOPES)
def test_lifting_a_limit_never_keeps_out_what_was_let_through(trace: Trace, scope: Scope) -> None:
    lifted = [replace(scope, **{field: getattr(Scope(), field)}) for field in ("since", "until", "persons", "kinds")]
    if Gate(scope).judge(trace) == "in":
        assert {Gate(wider).judge(trace) for wider in [*lifted, replace(scope, undated=True)]} == {"in"}
