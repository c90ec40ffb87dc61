"""Scopes, stops and refusals in PostgreSQL give what they give in a folder."""

from collections.abc import Callable
from pathlib import Path

from casework import packed
from intake_cases import LAW, Case, lay, log, picture, scoped
from trackway.intake.tasks import Stop
from trackway.sandbox.pool import Pool

FILES = {
    "a.log": log("19:00 heron one", "19:01 otter two", "19:02 heron three"),
    "b.zip": packed({"c.log": log("08:00 grebe four", day="Fri Jan 2"), "d.jpg": picture(1)}),
    "e.bin": bytes(40),
}
LAWS = [LAW, scoped(persons=("heron",)), scoped(kinds=("media",)), scoped(since=1769904000000000, undated=True)]


def test_laws_one_after_the_other_a_stop_and_a_change(case: Callable[[str], str], tmp_path: Path, pool: Pool) -> None:
    one, two = lay(tmp_path / "one", FILES), lay(tmp_path / "two", FILES)
    held, plain = Case(case("laws"), pool), Case(tmp_path / "plain", pool)
    for each in (held, plain):
        each.add(one, law=LAWS[1])
        stop = Stop()
        each.add(two, stop=stop, changed=lambda progress, stop=stop: stop.set() if progress.places else None)
        for law in LAWS:
            each.add(two, law=law)
        (two / "a.log").write_bytes(log("19:00 heron changed"))
        each.add(two, law=LAWS[-1])
        lay(two, FILES)
        assert each.verify().ok, each.verify().damage
    assert held.exhibits() == plain.exhibits()
    assert (held.traces(), held.digest()) == (plain.traces(), plain.digest())
    assert held.media() == plain.media()
