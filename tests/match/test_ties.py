"""What ties an unlisted file to abuse, and so makes it new material (PRACTICE.md, "Unlisted is not new")."""

from typing import Any

import pytest

from handmade import OFFICER, Case, Listed, Source, at, export, picture
from trackway.acts.category import categorise
from trackway.match.series import series_token
from trackway.model.trace import Conversation, Digests, Identifier, Label, PersonaRef, Share, Trace

LISTED = [picture(i, serial="SN-1" if i == 1 else "") for i in range(1, 4)]
NEW = picture(20)
SAME_CAMERA, OTHER_CAMERA = picture(21, serial="SN-1"), picture(22, serial="SN-2")
WHO, ROOM = PersonaRef("telegram", "user1"), Conversation("telegram", "1", visibility="open")
SERIES = "Marsh Heron"


def partner(*names: str) -> list[Listed]:
    """The listed files, as a list names them."""
    given = names or ("a.jpg", "b.jpg", "c.jpg")
    return [
        Listed(one, entry=str(i), series=SERIES, victim_identified=True, names=(name,))
        for i, (one, name) in enumerate(zip(LISTED, given, strict=True))
    ]


def message(*names: str, text: str = "", number: str = "1", **more: Any) -> Trace:
    shares = tuple(Share("offered", name, name) for name in names)
    return Trace("message", f"m{number}", at(1), WHO, (), ROOM, number, text, shares, **more)


def upload(*sources: Source, kind: Any = "upload", **more: Any) -> Trace:
    shares = tuple(Share("sent", str(i), digests=Digests(md5=one.md5)) for i, one in enumerate(sources))
    author = PersonaRef("ncmec", "a")
    return Trace(kind, "f", at(1), author, id="777", shares=shares, fields={"report": "777"}, **more)


def labelled(category: str | None) -> Trace:
    return Trace(
        "record", "r", shares=(Share("record_only", digests=Digests(sha1=NEW.sha1)),), label=Label("1", category)
    )


FILES = {"new.jpg": NEW, "a.jpg": LISTED[0], "b.jpg": LISTED[1]}


@pytest.mark.parametrize(
    ("files", "records", "kinds"),
    [
        pytest.param(FILES, [], [], id="the same folder is no tie"),
        pytest.param(FILES, [message("new.jpg"), message("a.jpg", number="2")], [], id="two messages of one room"),
        pytest.param(FILES, [message("new.jpg", "a.jpg")], ["message"], id="one message with a listed file"),
        pytest.param(
            FILES,
            [message("new.jpg", album="x"), message("a.jpg", number="2", album="x")],
            ["album"],
            id="an album that the source groups",
        ),
        pytest.param(
            FILES, [message("new.jpg", album="x"), message("a.jpg", number="2", album="y")], [], id="another album"
        ),
        pytest.param(FILES, [message("new.jpg", text="a lantern")], ["term"], id="a message with a listed term"),
        pytest.param(FILES, [message("new.jpg"), message(text="lantern", number="2")], [], id="the next one has it"),
        pytest.param(FILES, [upload(NEW)], ["report"], id="a report names it"),
        pytest.param(FILES, [labelled("2")], ["label"], id="an imported label"),
        pytest.param(FILES, [labelled(None)], [], id="an imported record without a category"),
        pytest.param({"x.jpg": SAME_CAMERA, "a.jpg": LISTED[0]}, [], ["camera"], id="the camera of a listed file"),
        pytest.param({"x.jpg": OTHER_CAMERA, "a.jpg": LISTED[0]}, [], [], id="another camera"),
        pytest.param({"x.jpg": NEW, "copy.jpg": picture(1, "dark", serial="SN-9"), "y.jpg": picture(30, serial="SN-9")},
                     [], [], id="no tie of its own"),
    ],
)  # fmt: skip
def test_ties(case: Case, files: dict[str, Source], records: list[Trace], kinds: list[str]) -> None:
    case.terms(live="lantern")
    case.add("stick", files | {"export.json": export("e", *records)})
    case.known("partner.json", *partner())
    subject = next(iter(files.values()))
    media = case.media(subject)
    assert [tie.kind for tie in media.ties] == kinds
    assert (media.novelty, media.new_material) == ("unlisted", bool(kinds))
    assert all(tie.sentence.endswith(".") for tie in media.ties)
    assert all(tie.traces for tie in media.ties), "every answer opens its traces"


@pytest.mark.parametrize(
    ("listed", "name", "tied"),
    [
        pytest.param(("heron_1.jpg", "heron_2.jpg", "heron_3.jpg"), "heron_14.jpg", True, id="three of one series"),
        pytest.param(("heron_1.jpg", "heron_2.jpg", "fox_3.jpg"), "heron_14.jpg", False, id="two only"),
        pytest.param(("IMG_0001.jpg", "IMG_0002.jpg", "IMG_0003.jpg"), "IMG_0014.jpg", False, id="a device's name"),
        pytest.param(("heron_1.jpg", "Heron-2.JPG", "heron 3.png"), "HERON0014.jpeg", True, id="however it is written"),
        pytest.param(("heron_1.jpg", "heron_2.jpg", "heron_3.jpg"), "heron.jpg", False, id="no number"),
        pytest.param(("heron_1.jpg", "heron_2.jpg", "heron_3.jpg"), "marshheron_14.jpg", False, id="other letters"),
        pytest.param(("heron_1.jpg", "heron_2.jpg", "heron_3.jpg"), "heron/x_14.jpg", False, id="a folder's name"),
    ],
)
def test_distinctive_names_of_the_list(case: Case, listed: tuple[str, ...], name: str, tied: bool) -> None:
    case.add("stick", {name: NEW})
    case.known("partner.json", *partner(*listed))
    media = case.media(NEW)
    assert ([tie.kind for tie in media.ties] == ["name"], media.new_material) == (tied, tied)
    if tied:
        assert media.ties[0].series == (series_token(SERIES),)
        assert media.ties[0].victim_identified is True
        assert media.series == series_token(SERIES)


def test_distinctive_names_that_listed_files_bear_in_the_case(case: Case) -> None:
    """The list says which series, the exhibit under which names: one file under two names is one file."""
    case.known("partner.json", *partner())
    case.add("stick", {"heron_01.jpg": LISTED[0], "heron_02.jpg": LISTED[1], "again/heron_03.jpg": LISTED[1]})
    case.add("laptop", {"heron_14.jpg": NEW})
    assert case.media(NEW).ties == []
    case.add("laptop", {"heron_03.jpg": LISTED[2]})
    assert [tie.kind for tie in case.media(NEW).ties] == ["name"]


@pytest.mark.parametrize(
    ("given", "tied"), [(["2"], True), (["undetermined"], False), (["2", "undetermined"], False), (["0", "1"], True)]
)
def test_the_category_that_a_person_gave_last(case: Case, given: list[str], tied: bool) -> None:
    case.add("stick", {"new.jpg": NEW})
    case.known("partner.json", *partner())
    for word in given:
        categorise(case.store, OFFICER, f"media:{NEW.key}", word, "seen by two of us")
        case.derive()
    media = case.media(NEW)
    assert ([tie.kind for tie in media.ties], media.new_material) == (["person"] if tied else [], tied)


def test_three_files_of_different_series_are_no_pattern(case: Case) -> None:
    named = [Listed(one, series=f"S{i}", names=(f"heron_{i}.jpg",)) for i, one in enumerate(LISTED)]
    case.add("stick", {"heron_14.jpg": NEW})
    case.known("partner.json", *named)
    assert case.media(NEW).ties == []


def test_known_and_near_files_have_no_ties(case: Case) -> None:
    """Ties are for what is on no list: what is listed stands under its list."""
    copy = picture(1, "dark")
    case.add(
        "stick",
        {"a.jpg": LISTED[0], "b.jpg": LISTED[1], "copy.jpg": copy, "e": export("e", message("a.jpg", "copy.jpg"))},
    )
    case.known("partner.json", *partner())
    assert [(case.media(one).ties, case.media(one).new_material) for one in (LISTED[0], copy)] == [([], False)] * 2


def test_a_file_tied_to_a_near_file_counts_as_well(case: Case) -> None:
    """A recompressed copy of a listed file is abuse as much as the file is."""
    copy = picture(1, "dark")
    case.add(
        "stick",
        {"copy.jpg": copy, "new.jpg": NEW, "orig.jpg": LISTED[0], "e": export("e", message("copy.jpg", "new.jpg"))},
    )
    case.known("partner.json", *partner())
    assert [tie.kind for tie in case.media(NEW).ties] == ["message"]


def test_a_tie_goes_when_its_list_goes(case: Case) -> None:
    case.add("stick", FILES | {"e": export("e", message("new.jpg", "a.jpg"))})
    case.known("partner.json", *partner())
    assert case.media(NEW).new_material
    case.known("partner.json", Listed(Source(b"something else")))
    assert not case.media(NEW).new_material


def test_a_report_with_a_file_that_is_gone_is_new_only_by_its_own_words(case: Case) -> None:
    """Digest-only records cannot be held against near hashes: undetermined, and so not new."""
    case.add("stick", {"777.xml": export("r", upload(NEW))})
    case.known("partner.json", *partner())
    media = case.media(f"md5:{NEW.md5}")
    assert (media.novelty, media.new_material) == ("undetermined", False)


def test_the_reporters_own_identifiers_are_no_camera_of_the_file(case: Case) -> None:
    mentioned = (Identifier("camera-serial", "SN-1", "own"),)
    case.add("stick", {"new.jpg": NEW, "a.jpg": LISTED[0], "e": export("e", message("new.jpg", identifiers=mentioned))})
    case.known("partner.json", *partner())
    assert case.media(NEW).ties == []
