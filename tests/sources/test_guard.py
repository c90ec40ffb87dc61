"""Names, limits and streams that every container shares."""

import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trackway.model.errors import Unreadable
from trackway.sources.guard import (
    NAME_BYTES,
    Budget,
    Limits,
    Refusal,
    damage,
    dos_text,
    exactly,
    member_stream,
    safe_name,
    safe_path,
    utc_text,
)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("a/b.jpg", "a/b.jpg"),
        ("./a/b.jpg", "a/b.jpg"),
        ("Zürich/ферма/猫.png", "Zürich/ферма/猫.png"),
        ("100%.txt", "100%.txt"),
        ("a%20b", "a%2520b"),
        (b"caf\xe9.txt", "caf%E9.txt"),
        ("a\x00b", "a%00b"),
        ("line\nbreak", "line%0Abreak"),
        ("gpj.\u202eexe", "gpj.%E2%80%AEexe"),
        ("family 👩\u200d👧.jpg", "family 👩\u200d👧.jpg"),
        ("\udced", "%ED"),
        ("\ud800", "%ED%A0%80"),
        ("a//b", "a/%2F/b"),
        ("a/./b", "a/%2E/b"),
        ("a\\b", "a\\b"),
        ("...", "..."),
        ("", "%20"),
    ],
)
def test_names_as_they_are_shown(name: str | bytes, shown: str) -> None:
    assert safe_path(name) == shown


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("../x", "leads out"),
        ("a/../../x", "leads out"),
        ("a/..", "leads out"),
        ("..\\..\\x", "leads out"),
        ("./../x", "leads out"),
        ("/etc/passwd", "absolute"),
        ("\\\\server\\share", "absolute"),
        ("C:\\x", "absolute"),
        ("c:x", "absolute"),
    ],
)
def test_names_that_lead_out_are_refused_and_shown_as_written(name: str, said: str) -> None:
    refused = safe_path(name)
    assert isinstance(refused, Refusal)
    assert said in refused.reason
    assert refused.path == name.removeprefix("./")


def test_an_absurd_name_is_shortened_and_still_tells_two_apart() -> None:
    long, other = "x" * 100_000, "x" * 99_999 + "y"
    shown = safe_path(long)
    assert isinstance(shown, str)
    assert len(shown) <= NAME_BYTES
    assert shown != safe_path(other)
    assert isinstance(safe_path("a/" * 5_000 + "b"), str)


names = st.one_of(
    st.text(st.sampled_from("a%2F0.E\x00\n\u202e/\\é\udc80"), max_size=8),
    st.binary(max_size=6),
    st.text(max_size=6),
)


def text_of(name: str | bytes) -> str:
    return name.decode("utf-8", "surrogateescape") if isinstance(name, bytes) else name


def kept(name: str | bytes) -> str:
    """What of a name is told: all but a leading "./"."""
    return re.sub(r"^(\./)+", "", text_of(name))


@given(names, names)
def test_two_names_are_never_shown_alike(one: str | bytes, other: str | bytes) -> None:
    if kept(one) == kept(other):
        assert safe_path(one) == safe_path(other)
    else:
        assert safe_path(one) != safe_path(other)
    assert (safe_name(one) == safe_name(other)) == (text_of(one) == text_of(other))


@given(names)
def test_what_is_shown_can_be_printed_on_one_line(name: str | bytes) -> None:
    shown = safe_path(name)
    text = shown.path if isinstance(shown, Refusal) else shown
    assert len(text.splitlines()) <= 1
    text.encode("utf-8")


def test_one_component_cannot_become_two() -> None:
    assert safe_name("a/b") == "a%2Fb"
    assert safe_name("..") == "%2E%2E"
    assert safe_name(".") == "%2E"


@pytest.mark.parametrize(("size", "ok"), [(10, False), (1000, True)])
def test_a_container_may_expand_only_so_far(size: int, ok: bool) -> None:
    """The same bytes: too many for a small container, not for a large one (the control)."""
    budget = Budget(size, Limits(free_bytes=1000, ratio=10))
    stream = member_stream(io.BytesIO(bytes(5000)).read, budget, "x")
    if ok:
        assert len(stream.read()) == 5000
    else:
        with pytest.raises(Unreadable, match="more than 1000 bytes"):
            stream.read()


def test_what_stands_before_a_fault_is_handed_over() -> None:
    pieces = [b"first", b"second"]

    def read(count: int) -> bytes:
        if not pieces:
            raise RuntimeError("inner detail")
        return pieces.pop(0)

    stream = member_stream(read, Budget(100), "the member")
    assert (stream.read(100), stream.read(100)) == (b"first", b"second")
    with pytest.raises(Unreadable, match="the member is damaged"):
        stream.read(100)


@pytest.mark.parametrize("error", [ValueError("x"), RecursionError(), MemoryError(), KeyError("x")])
def test_a_librarys_error_becomes_a_sentence(error: Exception) -> None:
    with pytest.raises(Unreadable), damage("the archive"):
        raise error


def test_bytes_that_end_early_are_told() -> None:
    read = exactly(io.BytesIO(b"12345").read, 8)
    assert read(100) == b"12345"
    with pytest.raises(Unreadable, match="cut off"):
        read(100)
    assert exactly(io.BytesIO(b"12345").read, 3)(100) == b"123"


@pytest.mark.parametrize(
    ("nanoseconds", "text"),
    [
        (0, "1970-01-01T00:00:00Z"),
        (1_500_000_000, "1970-01-01T00:00:01.5Z"),
        (1_770_000_000_123_456_789, "2026-02-02T02:40:00.123456789Z"),
        (-1, "1969-12-31T23:59:59.999999999Z"),
        (10**22, None),
        (None, None),
    ],
)
def test_instants(nanoseconds: int | None, text: str | None) -> None:
    assert utc_text(nanoseconds) == text


@pytest.mark.parametrize(
    ("date", "time", "text"),
    [
        (0, 0, None),
        (0x21, 0, "1980-01-01T00:00:00"),
        (46 << 9 | 12 << 5 | 31, 23 << 11 | 59 << 5 | 29, "2026-12-31T23:59:58"),
        (46 << 9 | 13 << 5 | 31, 0, None),
        (46 << 9 | 1 << 5 | 1, 31 << 11, None),
    ],
)
def test_dos_times(date: int, time: int, text: str | None) -> None:
    assert dos_text(date, time) == text
