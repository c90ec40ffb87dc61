"""Contacts of lawyers, doctors, clergy and journalists: quarantined unread, with all that their records carry."""

import base64
import json
from pathlib import Path

import pytest
from sqlalchemy import select

from casework import packed
from intake_cases import Case, lay, log, mail, picture, scoped
from trackway.model.errors import Refused
from trackway.sandbox.pool import Pool
from trackway.store import schema

LAWYER = "K.Vos@law.example"


def carrying(number: int, sender: str, name: str, data: bytes) -> bytes:
    """A mail with one attachment."""
    return (
        (
            f"From {sender} Sat Feb 28 19:00:00 2026\nMessage-ID: <m{number}@marsh.example>\nFrom: {sender}\n"
            f"To: heron@marsh.example\nDate: Sat, 28 Feb 2026 19:00:00 +0000\nMIME-Version: 1.0\n"
            "Content-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: text/plain\n\nhere\n--x\n"
            f"Content-Type: application/octet-stream\nContent-Transfer-Encoding: base64\n"
            f'Content-Disposition: attachment; filename="{name}"\n\n'
        ).encode()
        + base64.encodebytes(data)
        + b"--x--\n\n"
    )


@pytest.fixture
def case(tmp_path: Path, pool: Pool) -> Case:
    return Case(tmp_path / "case", pool)


@pytest.fixture
def contacts(tmp_path: Path) -> Path:
    path = tmp_path / "contacts.txt"
    path.write_text(f"# lawyers\n  {LAWYER}\n\nuser9\nadvocate\n")
    return path


def chat(kind: str, number: int, name: str, senders: list[tuple[str, str]]) -> bytes:
    messages = [
        {"id": i, "type": "message", "date": "2026-02-11T18:02:00", "date_unixtime": str(1770832920 + i),
         "from": sender, "from_id": key, "text": f"{sender} {i}"}
        for i, (key, sender) in enumerate(senders)
    ]  # fmt: skip
    return json.dumps({"name": name, "type": kind, "id": number, "messages": messages}).encode()


TALK = [("user9", "Vos"), ("user1", "Heron"), ("user9", "Vos")]


@pytest.mark.parametrize(
    ("files", "texts", "quarantined"),
    [
        ({"a.log": log("19:00 heron hello", "19:01 Advocate hello")}, ["hello"], 1),
        ({"a.mbox": mail(1, "a@x.example", "b@x.example", "Sat, 28 Feb 2026 20:00:00 +0000", "one")}, ["one"], 0),
        ({"a.mbox": mail(1, f"Kim Vos <{LAWYER.upper()}>", "b@x.example", "Sat, 28 Feb 2026 20:00:00 +0000")}, [], 1),
        ({"a.mbox": mail(1, "b@x.example", f"c@x.example, {LAWYER}", "Sat, 28 Feb 2026 20:00:00 +0000")}, [], 1),
        ({"result.json": chat("personal_chat", 9, "Vos", TALK)}, [], 3),
        ({"result.json": chat("private_group", 77, "Marsh", TALK)}, ["Heron 1"], 2),
    ],
    ids=["a nick", "nobody", "sender", "among several", "a chat of two", "a group"],
)
def test_records_with_a_privileged_contact_are_quarantined_unread(
    case: Case, tmp_path: Path, contacts: Path, files: dict[str, bytes], texts: list[str], quarantined: int
) -> None:
    case.add(lay(tmp_path / "desk", files), privileged=contacts)
    assert case.texts() == texts
    answer = case.exhibits()["desk"]
    assert (answer.quarantined, answer.out_of_scope, answer.traces) == (quarantined, 0, len(texts))
    kept = b"".join(path.read_bytes() for path in case.folder.iterdir())
    assert LAWYER.lower().encode() not in kept.lower(), "not in the store, not in the ledger"


def test_what_such_a_mail_carries_is_quarantined_with_it(case: Case, tmp_path: Path, contacts: Path) -> None:
    letter = log("19:00 heron a letter that is nobody's business")
    bundle = packed({"letter.log": letter, "deep.zip": packed({"b.jpg": picture(2)})})
    box = carrying(1, LAWYER, "bundle.zip", bundle) + carrying(2, LAWYER, "a.jpg", picture(1))
    box += carrying(3, "otter@marsh.example", "c.jpg", picture(3))
    folder = lay(tmp_path / "desk", {"inbox.mbox": box})
    case.add(folder, privileged=contacts)
    assert case.texts() == ["here", "media"]
    assert [one.names for one in case.media()] == [["c.jpg"]]
    places = case.places()
    assert places["1/bundle.zip"] == ("out-of-scope", "the mail that carries it lies outside the scope")
    assert places["2/a.jpg"][0] == "out-of-scope"
    assert places["3/c.jpg"] == ("read", "")
    assert len(case.select(select(schema.measure.c.content).distinct())) == 1
    answer = case.exhibits()["desk"]
    assert answer.quarantined == 4, "two mails and what each carries"
    assert answer.not_understood == []
    case.add(folder)
    assert sorted(one.names[0] for one in case.media()) == ["a.jpg", "b.jpg", "c.jpg"]
    assert case.exhibits()["desk"].quarantined == 0


@pytest.mark.parametrize(
    ("scope", "items"),
    [
        ({}, 2),
        ({"undated": True, "since": 1772236800000000}, 1),
        ({"kinds": ("media",)}, 2),
        ({"kinds": ("mail",)}, 0),
    ],
    ids=["everything", "a period", "pictures", "mails"],
)
def test_attachments_go_with_their_mail_except_by_kind(
    case: Case, tmp_path: Path, scope: dict[str, object], items: int
) -> None:
    early = carrying(1, "heron@marsh.example", "a.jpg", picture(1)).replace(b"28 Feb 2026", b"02 Jan 2026")
    late = carrying(2, "heron@marsh.example", "b.jpg", picture(2))
    case.add(lay(tmp_path / "desk", {"inbox.mbox": early + late}), law=scoped(**scope))
    assert len(case.media()) == items


def test_another_list_of_contacts_counts_as_another_law(case: Case, tmp_path: Path, contacts: Path) -> None:
    folder = lay(tmp_path / "desk", {"a.log": log("19:00 heron one", "19:01 advocate two", "19:02 curate three")})
    case.add(folder, privileged=contacts)
    assert case.texts() == ["one", "three"]
    contacts.write_text("curate\n")
    case.add(folder, privileged=contacts)
    assert case.texts() == ["one", "three", "two"], "what is no longer privileged is read; nothing read is lost"
    assert case.exhibits()["desk"].quarantined == 1
    case.add(folder)
    assert case.exhibits()["desk"].quarantined == 0
    laws = [one["body"]["law"].get("privileged", "") for one in case.ledger("exhibit-added", "exhibit-law-changed")]
    assert [law.partition(",")[0] for law in laws] == ["3 contacts", "1 contacts", ""]
    assert len(set(laws)) == 3
    assert case.verify().ok


@pytest.mark.parametrize("data", [None, b"\xff\xfe\x00"])
def test_a_list_that_cannot_be_read_refuses_the_whole(
    case: Case, tmp_path: Path, contacts: Path, data: bytes | None
) -> None:
    contacts.unlink() if data is None else contacts.write_bytes(data)
    with pytest.raises(Refused, match=r"contacts\.txt (cannot be read|is not text)"):
        case.add(lay(tmp_path / "desk", {"a.log": log("19:00 heron one")}), privileged=contacts)
    assert (case.ledger(), case.traces()) == ([], {})
