"""The same answer from either store and after every order of intake, down to the ids of traces."""

import random
from collections.abc import Callable
from pathlib import Path

from network_cases import WALLET, Case, answered, direct, notice, own, picture, posted, who

from trackway.model.trace import Trace
from trackway.network.assemble import Network


def _sources() -> dict[str, list[list[Trace]]]:
    chance = random.Random(5)
    people = [f"bird{n}" for n in range(25)]
    private = [direct(*chance.sample(people, 2), hour) for hour in range(60)]
    public = [answered(*chance.sample(people, 2), hour) for hour in range(40)]
    shared = [
        posted(chance.choice(people), 100 + n, shares=(picture(f"p{n % 6}"),), identifiers=(own("wallet", WALLET),))
        for n in range(40)
    ]
    events = [notice(chance.choice(people), n, "kick", (who("bird1"),)) for n in range(30)]
    return {"phone": [private, shared[:30]], "laptop": [public + events], "phone 2": [shared[10:], private[20:]]}


def _answer(at: str, order: list[str]) -> Network:
    sources = _sources()
    case = Case(at)
    for name in order:
        case.exhibit(name, *sources[name])
    first = case.network()
    assert first == case.network()
    return first


def test_every_store_and_order_gives_the_same_answer(case: Callable[[str], str], tmp_path: Path) -> None:
    names = list(_sources())
    plain = _answer(str(tmp_path / "plain"), names)
    assert len(plain.edges) > 60
    assert sum(node.rank is not None for node in plain.nodes) > 20
    assert any(node.indications for node in plain.nodes)
    assert _answer(case("turned"), names[::-1]) == plain
