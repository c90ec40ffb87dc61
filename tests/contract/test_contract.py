"""What the commands print with ``--json``: CONTRACT.md, key by key, and the schemas generated from the program's types.

One small case is built through the real command line; each command prints one document and nothing else."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest

import casework
from trackway.cli import reference

pytestmark = pytest.mark.xdist_group("contract")
PROGRAM = Path(sys.executable).parent / "trackway"
Printed = dict[str, tuple[int, Any]]

KEYS: dict[str, str] = {
    "add": "exhibits",
    "known": "lists conflicts",
    "network": "nodes edges coverage",
    "digest": "digest readings partial readers",
    "verify": "ok damage ledger",
    "error": "error code",
}
"""Keys of what a command prints; of each of its rows, where it prints a list."""
ROWS: dict[str, str] = {
    "add.exhibits": "exhibit files read out_of_scope quarantined not_understood",
    "add.exhibits.not_understood": "name reason",
    "known.lists": "name format country version records",
    "known.conflicts": "field says",
    "known.conflicts.says": "list entry value",
    "media": "sha256 md5 sha1 type size pdq quality names places novelty new_material ties matches series stack "
    "sightings",
    "media.ties": "sentence traces",
    "media.matches": "list entry kind distance edit victim_identified category",
    "media.sightings": "possessed received sent offered accessed record_only",
    "queue": "rank tier subject about reasons clock",
    "queue.subject": "kind id",
    "queue.about": "kind id",
    "queue.reasons": "sign sentence traces",
    "queue.clock": "since due state",
    "personas": "id service names identifiers traces first last sightings claims",
    "personas.identifiers": "kind value",
    "personas.sightings": "possessed received sent offered accessed record_only",
    "personas.claims": "other level log10_lr low high bound_low bound_high basis judgement",
    "personas.claims.other": "kind id",
    "personas.claims.basis": "evidence log10_lr",
    "network.nodes": "id kind label indications rank interval",
    "network.edges": "a b kind count first last",
    "hash": "name md5 sha1 sha256 pdq quality",
    "verify.ledger": "size head",
}
"""Keys of the objects at a path; lists on the way are walked through."""


def trackway(*arguments: object, now: str = casework.NOW) -> tuple[int, Any, str]:
    """Run the program; (exit code, what it printed as JSON, standard error)."""
    environment = {**os.environ, "TRACKWAY_NOW": now, "TRACKWAY_OFFICER": "officer 17", "COLUMNS": "120"}
    ran = subprocess.run(
        [str(PROGRAM), *map(str, arguments), "--json"], capture_output=True, env=environment, timeout=300
    )
    return ran.returncode, json.loads(ran.stdout), ran.stderr.decode()


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> Printed:
    """What each command of the contract printed about one case, with its exit code."""
    folder = tmp_path_factory.mktemp("contract")
    case = folder / "case"
    exhibits = casework.lay_out(folder / "exhibits")
    lists, terms = casework.lay_out_lists(folder / "lists")
    again = lists[0].parent / "other.json"
    again.write_text(lists[0].read_text().replace('"VictimIdentified": "true"', '"VictimIdentified": "false"'))
    assert trackway("init", case)[0] == 0
    found: Printed = {}

    def run(name: str, *arguments: object) -> None:
        code, answer, _ = trackway(*arguments)
        found[name] = (code, answer)

    run("add", "add", case, *exhibits, "--basis", casework.BASIS)
    run("known", "known", case, *lists, again)
    run("terms", "terms", case, terms)
    for name in ("media", "queue", "personas", "network", "digest", "verify"):
        run(name, name, case)
    run("hash", "hash", *sorted((folder / "exhibits" / "card" / "DCIM").iterdir()), lists[0])
    run("error", "queue", folder / "nowhere")
    queue = found["queue"][1]
    run("trace", "show", case, queue[0]["reasons"][0]["traces"][0])
    run("ack", "ack", case, f"{queue[0]['subject']['kind']}:{queue[0]['subject']['id']}", "--action", "called the unit")
    run("queue after", "queue", case)
    run("add again", "add", case, *exhibits, "--basis", casework.BASIS)
    for name in ("media", "queue", "personas", "network", "digest"):
        run(f"{name} again", name, case)
    return found


def at(answer: Any, path: str) -> list[dict[str, Any]]:
    """All objects at a path such as "exhibits.not_understood"; those that are null are left out."""
    found = answer if isinstance(answer, list) else [answer]
    for step in filter(None, path.split(".")):
        values = [one[step] for one in found]
        found = [one for value in values for one in (value if isinstance(value, list) else [value]) if one is not None]
    return found


@pytest.mark.parametrize("command", reference.ANSWERS)
def test_every_answer_holds_to_its_schema(printed: Printed, command: str) -> None:
    schema = json.loads(reference.schemas()[command])
    validator = jsonschema.Draft202012Validator(schema)
    validator.check_schema(schema)
    assert [error.message for error in validator.iter_errors(printed[command][1])] == []


def test_a_schema_would_notice() -> None:
    """Control: a key that is gone, and a value of another kind."""
    schema = json.loads(reference.schemas()["digest"])
    validator = jsonschema.Draft202012Validator(schema)
    whole = {"digest": "0" * 64, "readings": 1, "partial": False, "readers": {"irc": "1"}}
    assert validator.is_valid(whole)
    assert not validator.is_valid({key: value for key, value in whole.items() if key != "partial"})
    assert not validator.is_valid(whole | {"readings": "1"})


@pytest.mark.parametrize("command", KEYS)
def test_keys_of_the_contract(printed: Printed, command: str) -> None:
    assert set(KEYS[command].split()) <= set(printed[command][1])


@pytest.mark.parametrize("path", ROWS)
def test_keys_of_rows(printed: Printed, path: str) -> None:
    command, _, inside = path.partition(".")
    rows = at(printed[command][1], inside)
    assert rows, "the case must hold one of each, or the test says nothing"
    assert [set(ROWS[path].split()) - set(row) for row in rows] == [set()] * len(rows)


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("add", 1),
        ("known", 0),
        ("media", 0),
        ("queue", 0),
        ("personas", 0),
        ("network", 0),
        ("digest", 0),
        ("verify", 0),
    ],
)
def test_exit_codes(printed: Printed, command: str, code: int) -> None:
    """1: a reader claimed a file (a picture that is cut) and could not read all of it."""
    assert printed[command][0] == code


def test_a_refusal_is_a_sentence_and_a_code_with_exit_2(printed: Printed) -> None:
    code, answer = printed["error"]
    assert (code, set(answer)) == (2, {"error", "code"})
    assert re.fullmatch(r"[A-Z][^\n]*[.!?]?", answer["error"])
    assert re.fullmatch(r"[a-z][a-z-]*", answer["code"])


@pytest.mark.parametrize("command", ["media", "queue", "personas", "network", "digest"])
def test_adding_the_same_exhibits_again_changes_no_answer(printed: Printed, command: str) -> None:
    before = printed["queue after" if command == "queue" else command]
    assert printed[f"{command} again"] == before


# ------------------------------------------------------------------ what the values mean


def test_exhibits(printed: Printed) -> None:
    exhibits = {Path(one["exhibit"]).name: one for one in printed["add"][1]["exhibits"]}
    assert sorted(exhibits) == ["card", "desk", "stick"]
    assert exhibits["card"]["files"] == exhibits["card"]["read"] == 5
    assert exhibits["stick"]["files"] == 6 + 1, "the zip, what lies in it and in the zip in it, and the mail's picture"
    missed = {one["name"]: one["reason"] for one in exhibits["desk"]["not_understood"]}
    assert set(missed) == {"pictures/broken.jpg", "notes.bin"}
    assert all(missed.values())


def test_media_values(printed: Printed) -> None:
    media = printed["media"][1]
    assert {one["novelty"] for one in media} >= {"known", "near", "unlisted", "undetermined"}
    for one in media:
        assert one["new_material"] is (one["novelty"] == "unlisted" and bool(one["ties"]))
        assert (one["pdq"] is None) == (one["quality"] is None)
        assert all(isinstance(count, int) for count in one["sightings"].values())
        assert {match["kind"] for match in one["matches"]} <= {"exact", "near", "edit"}
        assert one["series"] is None or isinstance(one["series"], str | list)
        if any(match["kind"] == "exact" for match in one["matches"]):
            assert one["novelty"] == "known"
    (broken,) = (one for one in media if "broken.jpg" in one["names"])
    assert (broken["pdq"], broken["novelty"]) == (None, "undetermined")
    (empty,) = (one for one in media if one["size"] == 0)
    assert (empty["matches"], empty["new_material"]) == ([], False)


def test_flags_of_lists(printed: Printed) -> None:
    """A flag that is the string "false" is false; one that is absent is null; both lists are heard."""
    (known,) = (one for one in printed["media"][1] if one["novelty"] == "known" and len(one["matches"]) == 2)
    said = {match["list"]: match["victim_identified"] for match in known["matches"]}
    assert said == {"partner.json": True, "other.json": False}
    plain = [match for one in printed["media"][1] for match in one["matches"] if match["list"] == "harbour.txt"]
    assert [match["victim_identified"] for match in plain if match["kind"] == "exact"] == [None]
    fields = {conflict["field"] for conflict in printed["known"][1]["conflicts"]}
    assert fields == {"victim_identified"}


def test_queue_values(printed: Printed) -> None:
    queue = printed["queue"][1]
    assert [row["rank"] for row in queue] == list(range(1, len(queue) + 1))
    assert [row["tier"] for row in queue] == sorted(row["tier"] for row in queue)
    assert queue[0]["tier"] == 1
    for row in queue:
        assert len(row["about"]) <= 40
        assert (row["clock"] is not None) == (row["tier"] <= 2)
        assert all(reason["sentence"] and reason["traces"] for reason in row["reasons"])
    assert {row["clock"]["state"] for row in queue if row["clock"]} == {"running"}
    assert printed["queue after"][1][0]["clock"]["state"] == "acknowledged"


def test_ids_are_the_same_in_all_outputs(printed: Printed) -> None:
    media = {one["sha256"] for one in printed["media"][1]}
    personas = {one["id"] for one in printed["personas"][1]}
    nodes = {node["id"]: node["kind"] for node in printed["network"][1]["nodes"]}
    for ref in [ref for row in printed["queue"][1] for ref in (row["subject"], *row["about"])]:
        if ref["kind"] == "media":
            assert ref["id"] in media
        if ref["kind"] == "persona":
            assert ref["id"] in personas
    assert {node for node, kind in nodes.items() if kind == "persona"} <= personas
    assert all(edge[end] in nodes for edge in printed["network"][1]["edges"] for end in "ab")


def test_times_are_iso_8601_with_zone(printed: Printed) -> None:
    times = [one[end] for one in printed["personas"][1] for end in ("first", "last") if one[end]]
    times += [row["clock"][end] for row in printed["queue"][1] if row["clock"] for end in ("since", "due")]
    assert times
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", one) for one in times)


def test_a_trace_gives_its_time_as_written_beside_the_instant(printed: Printed) -> None:
    when = printed["trace"][1]["when"]
    assert set(when) == {"written", "instant", "basis"}
    assert when["basis"] == "assumed", "IRC times without zone are ordered as UTC"


def test_claims_that_rest_on_a_fact_have_a_reason_and_a_basis_but_no_figure(printed: Printed) -> None:
    claims = [claim for one in printed["personas"][1] for claim in one["claims"]]
    assert [claim["basis"][0]["evidence"] for claim in claims] == ["server-rename"] * 2
    for claim in claims:
        assert (claim["log10_lr"], claim["low"], claim["high"], claim["judgement"]) == (None, None, None, None)
        assert claim["reason"]


def test_identifiers_are_spelled_as_the_contract_says(printed: Printed) -> None:
    (heron,) = (one for one in printed["personas"][1] if one["service"] == "irc" and "heron" in one["names"])
    held = {(one["kind"], one["value"]) for one in heron["identifiers"]}
    assert ("nick", "heron") in held
    assert ("mail", "heron@marsh.example") in held


def test_hash_prints_a_row_a_file_in_the_order_given(printed: Printed) -> None:
    code, rows = printed["hash"]
    assert code == 0
    assert [row["name"] for row in rows] == [*sorted(row["name"] for row in rows[:-1]), "partner.json"]
    assert (rows[0]["pdq"] is not None, rows[-1]["pdq"]) == (True, None)
    media = {one["sha256"]: one for one in printed["media"][1]}
    held = media[rows[0]["sha256"]]
    assert [held[key] for key in ("md5", "sha1", "pdq", "quality")] == [
        rows[0][key] for key in ("md5", "sha1", "pdq", "quality")
    ]


def test_the_series_name_stands_in_no_output(printed: Printed) -> None:
    """A file's name carries it: it is masked, and the tokens are all that tells series apart."""
    for name, (_, answer) in printed.items():
        text = msgspec.json.encode(answer).decode().casefold()
        if name != "hash":
            assert "marshheron" not in text, name
            assert "marsh-heron" not in text, name
