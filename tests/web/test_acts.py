"""What a person does on a page: it takes effect, leads back, and says so when it cannot."""

import re

import pytest
from webcase import claimed
from website import Site


def _first_form(page: str) -> dict[str, str]:
    form = re.search(r"<form class=\"form\" method=\"post\" action=\"/act/acknowledge\".*?</form>", page, re.DOTALL)
    assert form is not None
    return dict(re.findall(r"name=\"(\w+)\" value=\"([^\"]*)\"", form[0]))


def test_acknowledging_takes_the_row_out_and_leads_to_the_next(full: Site) -> None:
    fields = _first_form(full.get("/queue").text)
    answer = full.post("/act/acknowledge", fields | {"action": "handed over"})
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/queue#open-")
    page = full.get("/queue").text
    waiting, _, settled = page.partition("Acknowledged: ")
    assert f'id="row-{fields["row"]}"' not in waiting
    assert f'id="row-{fields["row"]}"' in settled
    assert "handed over" in settled


def test_a_script_gets_the_row_only(full: Site) -> None:
    fields = _first_form(full.get("/queue").text)
    answer = full.post("/act/acknowledge", fields | {"action": "called"}, **{"HX-Request": "true"})
    assert answer.status_code == 200
    assert "<html" not in answer.text
    assert f'data-acknowledged="{fields["row"]}"' in answer.text
    assert "officer 17" in answer.text


@pytest.mark.parametrize(
    ("path", "fields", "sentence"),
    [
        ("/act/acknowledge", {"action": ""}, "Write what is done about it"),
        ("/act/note", {"text": "  "}, "Write the note"),
        ("/act/judge", {"judgement": "accepted", "reason": ""}, "Write the reason"),
        ("/act/judge", {"judgement": "sure", "reason": "x"}, "Choose accepted, rejected or unsure"),
        ("/act/judge", {"judgement": "accepted", "reason": "x", "claim": "0" * 32}, "no claim with this id"),
        ("/settings", {"theme": "purple"}, "no such setting"),
    ],
)
def test_what_cannot_be_done_is_said(full: Site, path: str, fields: dict[str, str], sentence: str) -> None:
    subject = _first_form(full.get("/queue").text)["subject"]
    answer = full.post(path, {"subject": subject, "claim": claimed(full.store)[1]} | fields)
    assert answer.status_code == 409
    assert sentence in answer.text
    assert "Nothing was" in answer.text


def test_a_subject_that_we_did_not_seal_is_nothing(full: Site) -> None:
    assert full.post("/act/note", {"subject": "persona:0", "text": "x"}).status_code == 404
    assert full.post("/act/note", {"subject": "~AAAA", "text": "x"}).status_code == 404


def test_a_judgement_stands_and_is_undone(full: Site) -> None:
    persona, claim = claimed(full.store)
    given = {"claim": claim, "back": f"/persona/{persona}"}
    assert full.post("/act/judge", given | {"judgement": "rejected", "reason": "two people"}).status_code == 303
    page = full.get(f"/persona/{persona}").text
    assert "judgement-rejected" in page
    assert page.index("judgement-rejected") < page.index(">Names<")  # what stands against comes first
    assert "two people" in page
    assert full.post("/act/judge", given | {"judgement": "undo", "reason": "wrong log"}).status_code == 303
    assert "judgement-rejected" not in full.get(f"/persona/{persona}").text


def test_claims_as_of_an_earlier_day(full: Site) -> None:
    persona, _ = claimed(full.store)
    assert "data-claim" in full.get(f"/persona/{persona}").text
    page = full.get(f"/persona/{persona}?as_of=2020-01-01").text
    assert "data-claim" not in page
    assert "as they stood on 2020-01-01" in page


def test_settings_are_kept_in_the_browser(full: Site) -> None:
    answer = full.post("/settings", {"theme": "dark", "keys": "off", "back": "/help"})
    assert {name: answer.cookies[name] for name in ("trackway-theme", "trackway-keys")} == {
        "trackway-theme": "dark",
        "trackway-keys": "off",
    }
    page = full.get(
        "/help", headers={"Cookie": f"trackway-{full.port}={full.cookie}; trackway-theme=dark; trackway-keys=off"}
    )
    assert 'data-theme="dark"' in page.text
    assert 'data-keys="off"' in page.text
