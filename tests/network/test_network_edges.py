"""Edges and nodes: what a record makes of people and things, counted once and dated."""

from pathlib import Path

import pytest
from network_cases import (
    ROOM,
    WALLET,
    Case,
    answered,
    direct,
    edge,
    ident,
    media_key,
    mentions,
    node,
    own,
    persona,
    picture,
    posted,
    who,
)

from trackway.measure.wallets import wallets
from trackway.model.trace import Conversation, Trace
from trackway.network.thresholds import LARGE_ROOM

ONION = "duckduckgogg42xjoc72x3sjasowoarfbgcmvfimaftt6twagswzczad.onion"


@pytest.fixture
def case(tmp_path: Path) -> Case:
    return Case(tmp_path / "case")


@pytest.mark.parametrize(
    ("traces", "expected"),
    [
        ([direct("heron", "quarry", 1)], ("wrote-to", "heron", "quarry")),
        ([answered("heron", "quarry", 1)], ("replied", "heron", "quarry")),
        ([posted("heron", 1), posted("quarry", 2)], ("same-room", "heron", "quarry")),
    ],
)
def test_what_a_record_says_of_two_people(case: Case, traces: list[Trace], expected: tuple[str, str, str]) -> None:
    case.exhibit("phone", traces)
    kind, a, b = expected
    ends = (ident(a), ident(b)) if kind != "same-room" else tuple(sorted((ident(a), ident(b))))
    found = case.network()
    assert edge(found, kind, *ends).first == "2026-01-01T01:00:00Z"
    assert persona(found, a).label == a.title()


def test_an_edge_counts_records_and_opens_the_earliest(case: Case) -> None:
    case.exhibit("phone", [direct("heron", "quarry", hour) for hour in range(9, 0, -1)])
    found = edge(case.network(), "wrote-to", ident("heron"), ident("quarry"))
    assert (found.count, found.first, found.last) == (9, "2026-01-01T01:00:00Z", "2026-01-01T09:00:00Z")
    assert len(found.traces) == 5
    assert len(set(found.traces)) == 5


def test_a_record_in_two_exports_counts_once(case: Case) -> None:
    """Control: another record of the same text counts."""
    case.exhibit("phone", [posted("quarry", 1), answered("heron", "quarry", 2)])
    case.exhibit("laptop", [posted("quarry", 1), answered("heron", "quarry", 2), answered("heron", "quarry", 3)])
    assert edge(case.network(), "replied", ident("heron"), ident("quarry")).count == 2


def test_an_answer_to_a_message_in_another_export_finds_its_author(case: Case) -> None:
    case.exhibit("phone", [posted("quarry", 1, id="41")])
    case.exhibit("laptop", [posted("heron", 2, id="42", fields={"reply_to_message_id": 41})])
    assert edge(case.network(), "replied", ident("heron"), ident("quarry")).count == 1


@pytest.mark.parametrize(
    ("room", "fields"),
    [
        (Conversation("telegram", "group9", visibility="group"), {"reply_to_message_id": 41}),  # numbered per account
        (ROOM, {"reply_to_message_id": 41, "reply_to_peer_id": "channel5"}),  # of another conversation
        (ROOM, {"reply_to_message_id": 40}),
        (ROOM, {"reply_to_message_id": "41; drop"}),
        (ROOM, {"replied": "quarry"}),  # the record's own word, which no reader resolved
    ],
)
def test_an_answer_that_cannot_be_resolved_makes_no_edge(
    case: Case, room: Conversation, fields: dict[str, object]
) -> None:
    case.exhibit("phone", [posted("quarry", 1, id="41", room=room)])
    case.exhibit("laptop", [posted("heron", 2, id="42", room=room, fields=fields)])
    assert [one for one in case.network().edges if one.kind == "replied"] == []


def test_shared_files_and_where_they_lie(case: Case) -> None:
    case.exhibit("phone", [posted("heron", 1, shares=(picture("fox"),)), posted("quarry", 2, shares=(picture("fox"),))])
    case.finding("media", media_key("fox"), {"series": ["series-a", "series-b"]})
    found = case.network()
    assert edge(found, "shared", ident("heron"), media_key("fox")).count == 1
    assert edge(found, "in-series", media_key("fox"), "series-b").count == 1
    shown = node(found, media_key("fox"))
    assert (shown.kind, shown.label) == ("media", media_key("fox")[4:16])
    assert node(found, "series-a").kind == "series"


def test_a_digest_that_is_only_named_is_not_shared(case: Case) -> None:
    case.exhibit("phone", [posted("heron", 1, shares=(picture("fox", "record_only"),))])
    assert [one.kind for one in case.network().nodes] == ["persona"]


def test_identifiers_are_drawn_where_two_personas_bear_them(case: Case) -> None:
    both, one = ("phone", "+31612345678"), ("mail", "heron@example.org")
    case.exhibit("phone", [posted("heron", 1, identifiers=mentions(both, one))])
    assert "+31612345678" not in {one.id for one in case.network().nodes}
    case.exhibit("laptop", [posted("quarry", 2, identifiers=(own(*both),))])
    found = case.network()
    assert node(found, "+31612345678").kind == "identifier"
    assert edge(found, "mentions", ident("quarry"), "+31612345678").count == 1
    assert "heron@example.org" not in {one.id for one in found.nodes}


def test_hosts_and_wallets_are_always_drawn(case: Case) -> None:
    urls = (("url", f"http://{ONION}/board?x=1"), ("url", "https://files.example.org:8443/a"), ("url", "http://[bad"))
    case.exhibit("phone", [posted("heron", 1, identifiers=(*mentions(*urls), own("wallet", WALLET)))])
    case.exhibit("laptop", [posted("quarry", 1, identifiers=mentions(("wallet", WALLET), ("host", ONION)))])
    found = case.network()
    assert {one.id for one in found.nodes if one.kind == "host"} == {ONION, "files.example.org"}
    assert edge(found, "paid", ident("heron"), WALLET).count == 1
    assert edge(found, "mentions", ident("quarry"), WALLET).count == 1
    assert edge(found, "mentions", ident("quarry"), ONION).count == 1


def test_a_wallet_without_its_checksum_is_no_node(case: Case) -> None:
    wrong = WALLET[:-1] + "5"
    assert not wallets(wrong)
    case.exhibit("phone", [posted("heron", 1, identifiers=(own("wallet", wrong), own("wallet", WALLET)))])
    assert {one.id for one in case.network().nodes if one.kind == "wallet"} == {WALLET}


def test_an_address_at_both_ends_is_one_node(case: Case) -> None:
    """198.51.100.7 logs in here and is linked to there; a chat user's own host is no infrastructure."""
    ip = "198.51.100.7"
    case.exhibit("phone", [posted("heron", 1, identifiers=(own("ip", ip), own("host", "home.example.net")))])
    case.exhibit("laptop", [posted("quarry", 1, identifiers=(own("ip", ip), *mentions(("url", f"http://{ip}/"))))])
    found = case.network()
    assert node(found, ip).kind == "host"
    assert edge(found, "mentions", ident("heron"), ip).count == 1
    assert edge(found, "mentions", ident("quarry"), ip).count == 1
    assert "home.example.net" not in {one.id for one in found.nodes}


def test_a_large_room_draws_no_pairs_and_says_so(case: Case) -> None:
    people = [f"bird{n}" for n in range(LARGE_ROOM)]
    case.exhibit("phone", [posted(one, n) for n, one in enumerate(people)])
    assert len(case.network().edges) == LARGE_ROOM * (LARGE_ROOM - 1) / 2
    case.exhibit("laptop", [posted("one-more", 50)])
    found = case.network()
    assert found.edges == []
    assert any("1 rooms" in note for note in found.coverage["notes"])


@pytest.mark.parametrize(
    ("judgement", "drawn"), [("", True), ("accepted", True), ("unsure", True), ("rejected", False)]
)
def test_claims_are_drawn_until_rejected_and_never_walked(case: Case, judgement: str, drawn: bool) -> None:
    same = (own("phone", "+31612345678"),)
    case.exhibit("phone", [posted(one, 1, room=None, identifiers=same) for one in ("heron", "quarry")])
    case.judge("heron", "quarry", judgement)
    found = case.network()
    claims = [one for one in found.edges if one.kind == "claimed-same"]
    assert bool(claims) is drawn
    assert all(len(one.traces) == 2 for one in claims)
    assert {one.rank for one in found.nodes} == {None}


def test_edges_join_ids_of_nodes_and_ids_are_unique(case: Case) -> None:
    """An exhibit, a host and an identifier that bear one name."""
    name = "files.example.org"
    shared = posted("heron", 1, shares=(picture("fox"),), identifiers=mentions(("url", f"https://{name}/")))
    case.exhibit(name, [shared, posted("quarry", 1, identifiers=mentions(("account", name)))])
    case.exhibit(name, [direct("heron", "quarry", 3, identifiers=mentions(("account", name)))])
    found = case.network()
    ids = [one.id for one in found.nodes]
    assert len(ids) == len(set(ids))
    assert {end for one in found.edges for end in (one.a, one.b)} <= set(ids)


def test_who_is_known_through_others_only_is_marked(case: Case) -> None:
    case.exhibit("phone", [direct("heron", "quarry", 1)])
    found = case.network()
    assert (persona(found, "heron").hollow, persona(found, "quarry").hollow) == (False, True)
    assert found.coverage["personas_seen_only_through_others"] == 1


def test_nobody_writes_to_himself(case: Case) -> None:
    case.exhibit("phone", [direct("heron", "heron", 1)])
    assert case.network().edges == []
    assert who("heron").names == (persona(case.network(), "heron").label,)
