"""IRC logs: every layout of the clients, dates from lines, headers and names, and what is not said is not made up."""

import string
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from record_sources import Bytes, read_all

from trackway.model.errors import Unreadable
from trackway.model.times import iso
from trackway.model.trace import Trace
from trackway.readers import irc
from trackway.readers.irc import READER, claims, fold, options

SHARED = Path(__file__).parents[3] / "shared" / "data" / "irc"

UBUNTU = """\
[23:58] <wren> hello all
=== heron [~h@host.example.org]  has joined #birds
[23:59] <heron> wren: any news of the reed bed?
[23:59]  * wren shrugs
=== bur[n] er [n=burner@192.0.2.7]  has joined #birds
=== wren is now known as wren[away]
[00:02] <bur[n]er> heron, here
=== heron looks up
=== mode/#birds [+o heron]  by ChanServ
=== -ChanServ:#birds- be kind
=== heron [~h@host.example.org]  has left #birds ["bye"]
"""
IRSSI = """\
--- Log opened Mon Nov 15 23:58:00 2004
23:58 -!- wren [~w@host.example.org] has joined #birds
23:59 <@wren> hello
23:59  * heron is now known as nobody
--- Day changed Tue Nov 16 2004
00:01 -!- heron is now known as heron_
00:03 -!- heron_ [~h@192.0.2.4] has quit [Ping timeout]
--- Log closed Tue Nov 16 00:05:00 2004
"""
WEECHAT = (
    "2004-11-15 12:18:01\t-->\twren (~w@host.example.org) has joined #birds\n"
    "2004-11-15 12:18:05\t@wren\thello there\n"
    "2004-11-15 12:18:09\t *\theron waves\n"
    "2004-11-15 12:19:00\t--\theron is now known as heron_\n"
    "2004-11-15 12:20:00\t<--\theron_ (~h@h.example) has quit (bye)\n"
)
HEXCHAT = (
    "**** BEGIN LOGGING AT Wed Dec 31 23:59:00 2014\n\n"
    "Dec 31 23:59:01 *\tNow talking on #birds\n"
    "Dec 31 23:59:10 <wren>\thello\n"
    "Dec 31 23:59:20 *\theron (~h@h.example) has joined #birds\n"
    "Jan 01 00:00:10 *\theron is now known as heron_\n"
    "Jan 01 00:00:11 *\theron_ waves\n"
)
ZNC = (
    "[00:00:01] *** Joins: wren (~w@host.example.org)\n"
    "[00:00:05] <wren> hello\n"
    "[00:00:07] * heron is now known as nobody\n"
    "[00:00:08] *** heron is now known as heron_\n"
    "[00:00:09] *** Quits: heron_ (~h@h.example) (Quit: bye)\n"
)
MIRC = (
    "Session Start: Mon Nov 15 23:59:00 2004\nSession Ident: #birds\n"
    "[23:59] * Now talking in #birds\n"
    "[23:59] <wren> \x0304hello\x0f\n"
    "[00:01] * heron (~h@h.example) has joined #birds\n"
)
EGGDROP = (
    "[00:00] --- Mon Nov 15 2004\n[00:01] wren (~w@h.example) joined #birds.\n[00:02] <wren> hello\n"
    "[00:03] Action: wren waves\n[00:04] Nick change: wren -> wren_\n"
)

LAYOUTS = {
    "ubuntu": (
        "2004-11-15.txt",
        UBUNTU,
        [
            ("2004-11-15T23:58:00Z", "message", "wren", "hello all"),
            ("2004-11-15T23:58:00Z", "join", "heron", ""),
            ("2004-11-15T23:59:00Z", "message", "heron", "wren: any news of the reed bed?"),
            ("2004-11-15T23:59:00Z", "message", "wren", "shrugs"),
            ("2004-11-15T23:59:00Z", "join", "bur{n}er", ""),
            ("2004-11-15T23:59:00Z", "rename", "wren", "> wren{away}"),
            ("2004-11-16T00:02:00Z", "message", "bur{n}er", "heron, here"),
            ("2004-11-16T00:02:00Z", "message", "heron", "looks up"),
            ("2004-11-16T00:02:00Z", "mode", "chanserv", ""),
            ("2004-11-16T00:02:00Z", "message", "chanserv", "be kind"),
            ("2004-11-16T00:02:00Z", "part", "heron", ""),
        ],
    ),
    "irssi": (
        "birds.log",
        IRSSI,
        [
            ("2004-11-15T23:58:00Z", "join", "wren", ""),
            ("2004-11-15T23:59:00Z", "message", "wren", "hello"),
            ("2004-11-15T23:59:00Z", "message", "heron", "is now known as nobody"),
            ("2004-11-16T00:01:00Z", "rename", "heron", "> heron_"),
            ("2004-11-16T00:03:00Z", "quit", "heron_", ""),
        ],
    ),
    "weechat": (
        "x.weechatlog",
        WEECHAT,
        [
            ("2004-11-15T12:18:01Z", "join", "wren", ""),
            ("2004-11-15T12:18:05Z", "message", "wren", "hello there"),
            ("2004-11-15T12:18:09Z", "message", "heron", "waves"),
            ("2004-11-15T12:19:00Z", "rename", "heron", "> heron_"),
            ("2004-11-15T12:20:00Z", "quit", "heron_", ""),
        ],
    ),
    "hexchat": (
        "x.log",
        HEXCHAT,
        [
            ("2014-12-31T23:59:01Z", "talking", None, ""),
            ("2014-12-31T23:59:10Z", "message", "wren", "hello"),
            ("2014-12-31T23:59:20Z", "join", "heron", ""),
            ("2015-01-01T00:00:10Z", "rename", "heron", "> heron_"),
            ("2015-01-01T00:00:11Z", "message", "heron_", "waves"),
        ],
    ),
    "znc": (
        "net/#birds/2004-11-15.log",
        ZNC,
        [
            ("2004-11-15T00:00:01Z", "join", "wren", ""),
            ("2004-11-15T00:00:05Z", "message", "wren", "hello"),
            ("2004-11-15T00:00:07Z", "message", "heron", "is now known as nobody"),
            ("2004-11-15T00:00:08Z", "rename", "heron", "> heron_"),
            ("2004-11-15T00:00:09Z", "quit", "heron_", ""),
        ],
    ),
    "mirc": (
        "x.log",
        MIRC,
        [
            ("2004-11-15T23:59:00Z", "talking", None, ""),
            ("2004-11-15T23:59:00Z", "message", "wren", "hello"),
            ("2004-11-16T00:01:00Z", "join", "heron", ""),
        ],
    ),
    "eggdrop": (
        "x.log",
        EGGDROP,
        [
            ("2004-11-15T00:01:00Z", "join", "wren", ""),
            ("2004-11-15T00:02:00Z", "message", "wren", "hello"),
            ("2004-11-15T00:03:00Z", "message", "wren", "waves"),
            ("2004-11-15T00:04:00Z", "rename", "wren", "> wren_"),
        ],
    ),
}


def _short(trace: Trace) -> tuple[str | None, str, str | None, str]:
    what = trace.fields["event"] if trace.kind == "event" else trace.kind
    text = f"> {trace.others[0].key}" if what == "rename" else trace.text
    return iso(trace.when.instant if trace.when else None), what, trace.author and trace.author.key, text


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_says_who_when_and_what(layout: str) -> None:
    name, log, expected = LAYOUTS[layout]
    assert claims(Bytes(log.encode(), name))
    traces, notes = read_all(READER, log.encode(), name)
    assert [_short(trace) for trace in traces] == expected
    assert (notes.said, notes.cut) == ([], [])
    assert {trace.conversation.id for trace in traces if trace.conversation} == {"#birds"}
    assert all(trace.conversation and trace.conversation.visibility == "open" for trace in traces)
    assert all(trace.id == "" for trace in traces), "a line number is not stable between exhibits"


def test_raw_and_locator_are_the_line_as_it_stands() -> None:
    traces, _ = read_all(READER, b"[12:18] <wren> hi\r\n\n[12:19] <wren> caf\xe9 \xe2\x82\xac\n", "2004-11-15.txt")
    assert [(trace.locator, trace.raw) for trace in traces] == [
        ("line 1", b"[12:18] <wren> hi\r"),
        ("line 3", b"[12:19] <wren> caf\xe9 \xe2\x82\xac"),
    ]
    assert traces[1].text == "caf\u00e9 \u00e2\u201a\u00ac", "a line that is not UTF-8 is read as Windows-1252"


@pytest.mark.parametrize(
    ("name", "zone", "expected"),
    [
        ("2004-11-15.txt", None, {"date": "2004-11-15"}),
        (
            "logs/#birds_20041115.log",
            "Europe/Amsterdam",
            {"date": "2004-11-15", "channel": "#birds", "zone": "Europe/Amsterdam"},
        ),
        ("#birds.log", None, {"channel": "#birds"}),
        ("plain.txt", None, {}),
        ("2004-13-45.txt", None, {}),
    ],
)
def test_options_name_what_the_reading_takes_from_elsewhere(
    name: str, zone: str | None, expected: dict[str, str]
) -> None:
    assert options(Bytes(b"[12:18] <wren> hi\n", name, zone)) == expected


def test_options_are_empty_where_the_log_says_it_all() -> None:
    assert options(Bytes(IRSSI.encode(), "#other.2001-01-01.log")) == {}


def test_time_without_zone_is_read_in_the_exhibits() -> None:
    line = b"[12:18] <wren> hi\n"
    (here,), _ = read_all(READER, line, "2004-07-15.txt", "Europe/Amsterdam")
    (nowhere,), _ = read_all(READER, line, "2004-07-15.txt")
    (undated,), _ = read_all(READER, line, "log.txt")
    assert here.when
    assert nowhere.when
    assert undated.when
    assert (iso(here.when.instant), here.when.basis) == ("2004-07-15T10:18:00Z", "exhibit")
    assert (iso(nowhere.when.instant), nowhere.when.basis) == ("2004-07-15T12:18:00Z", "assumed")
    assert (undated.when.written, undated.when.instant, undated.when.basis) == ("12:18", None, "none")


def test_midnight_rolls_over_only_on_a_jump_back_of_half_a_day() -> None:
    log = b"[22:00] <a> x\n[21:55] <a> set back\n[00:05] <a> next day\n[23:00] <a> same day\n[01:00] <a> third\n"
    traces, _ = read_all(READER, log, "2004-12-31.txt")
    assert [trace.when.written for trace in traces if trace.when] == [
        "2004-12-31 22:00",
        "2004-12-31 21:55",
        "2005-01-01 00:05",
        "2005-01-01 23:00",
        "2005-01-02 01:00",
    ]


def test_addressing_counts_only_nicks_seen_before() -> None:
    log = b"[12:00] <wren> heron: are you there?\n[12:01] <heron> Wren, yes\n[12:02] <heron> heron: talking to myself\n"
    first, second, third = read_all(READER, log)[0]
    assert (first.others, first.fields) == ((), {})
    assert second.fields == {"addressed": "Wren", "replied": "wren"}
    assert [one.key for one in second.others] == ["wren"]
    assert second.to == (), "a public line has no recipient"
    assert third.fields == {}


def test_hosts_of_joins_are_the_authors_own() -> None:
    traces, _ = read_all(READER, UBUNTU.encode(), "2004-11-15.txt")
    joins = [trace for trace in traces if trace.fields.get("event") == "join"]
    assert [(i.kind, i.value, i.role) for trace in joins for i in trace.identifiers] == [
        ("host", "host.example.org", "own"),
        ("ip", "192.0.2.7", "own"),
    ]
    assert joins[0].fields["user"] == "~h"
    assert joins[0].fields["time"] == "of the line before"


def test_a_forged_rename_is_an_action_where_the_log_can_tell() -> None:
    """Control: in a log whose only marker is the star, the same line is a rename."""
    forged = b"[00:00:07] * heron is now known as owl\n"
    marked, _ = read_all(READER, b"[00:00:01] *** Joins: wren (~w@h.example)\n" + forged)
    bare, _ = read_all(READER, b"[00:00:01] * wren (~w@h.example) has joined #birds\n" + forged)
    assert (marked[-1].kind, marked[-1].fields) == ("message", {"action": True})
    assert (bare[-1].kind, bare[-1].fields) == ("event", {"event": "rename"})


def test_what_is_not_understood_is_kept_and_said() -> None:
    traces, notes = read_all(READER, b"[12:00] <wren> hi\nsome words between\n[12:01] <wren> ho\n")
    assert [trace.raw for trace in traces][1] == b"some words between"
    assert traces[1].fields == {"event": "unknown"}
    assert [locator for locator, _ in notes.said] == ["line 2"]


def test_a_line_without_end_costs_bounded_memory() -> None:
    traces, notes = read_all(READER, b"[12:00] <wren> " + b"x" * 3_000_000 + b"\n[12:01] <wren> next\n")
    assert len(traces[0].raw) == 65537
    assert traces[1].text == "next"
    assert [locator for locator, _ in notes.said] == ["line 1"]


@pytest.mark.parametrize(
    "text",
    [
        "[15/11/04, 12:18:01] Wren: hi\n[15/11/04, 12:18:02] Heron: ho\n",
        "2004-11-15 12:18:01\tINFO\tstarted\n2004-11-15 12:18:02\tINFO\tstopped\n",
        "<html>\n<body> text </body>\n</html>\n",
        "12:00 lunch with wren\n13:00 walk\n",
        "d41d8cd98f00b204e9800998ecf8427e\n",
        "",
        "\0\0[12:00] <wren> hi\n",
    ],
)
def test_other_text_is_not_claimed(text: str) -> None:
    assert claims(Bytes(text.encode(), "#birds.2004-11-15.log")) is None


def test_an_unknown_zone_is_refused_in_words() -> None:
    with pytest.raises(Unreadable, match="Mars/Olympus"):
        read_all(READER, b"[12:18] <wren> hi\n", "x", "Mars/Olympus")


@given(st.text(alphabet=string.printable, max_size=20))
def test_fold_is_what_servers_compare(nick: str) -> None:
    assert fold(fold(nick)) == fold(nick)
    assert fold(nick.swapcase()) == fold(nick)


def test_fold_of_brackets() -> None:
    assert fold("A[B]\\C~") == "a{b}|c^"


SIGNS = st.sampled_from("0123456789:-[]<>*=! \t\n@#.abZ\u00e9\x03\0")


@given(st.one_of(st.binary(max_size=300), st.text(SIGNS, max_size=300).map(str.encode)))
@example(b"[99:99] <a> x\n")
@example(b"Feb 30 12:00 <a> x\n")
@example(b"9999-12-31 23:59:59 <a> x\n9999-12-31 00:00:00 <a> x\n")
@example(b"--- Log opened Mon Feb 31 12:00:00 2004\n")
@example(b"2004-11-15T25:00:00+99:99 <a> x\n")
def test_any_bytes_are_survived(data: bytes) -> None:
    source = Bytes(data, "9999-12-31.log")
    claims(source)
    options(source)
    read_all(READER, data, "9999-12-31.log")


@pytest.mark.skipif(not SHARED.is_dir(), reason="shared test material is absent")
def test_every_line_of_the_public_logs_is_understood() -> None:
    renames = lines = 0
    for path in sorted(SHARED.glob("*-*-*.txt"))[:30:3]:
        data = path.read_bytes()
        assert claims(Bytes(data, path.name)), path.name
        traces, notes = read_all(READER, data, path.name)
        assert notes.said == [], path.name
        lines += len(traces)
        renames += sum(trace.fields.get("event") == "rename" for trace in traces)
        assert len(traces) == sum(1 for line in data.split(b"\n") if line.strip())
        assert {trace.when.written[:10] for trace in traces if trace.when} == {path.stem}
    assert lines > 10_000
    assert renames == sum(
        line.startswith(b"=== ") and b" is now known as " in line
        for path in sorted(SHARED.glob("*-*-*.txt"))[:30:3]
        for line in path.read_bytes().split(b"\n")
    )


def test_the_pattern_for_rooms_is_linear() -> None:
    hostile = b"[12:00] <wren> hi\n" + (b"* " * 30 + b"has lef\n") * 5000
    assert irc.options(Bytes(hostile)) == {}
