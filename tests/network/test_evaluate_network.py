"""``evaluate network``: the three shapes of file, known heads, and how far a rank holds when part is missing."""

from pathlib import Path

import pytest

from trackway.evaluate import network as evaluate
from trackway.evaluate._network_files import load
from trackway.evaluate.network import evaluate_network
from trackway.model.errors import Refused

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "networks"
shared = pytest.mark.skipif(not DATA.is_dir(), reason="the shared data are not here")


@pytest.mark.parametrize(
    ("text", "shape", "names", "weights"),
    [
        ("a,b\nb,c\nb,a\n", "edge list", ["a", "b", "c"], {(0, 1): 2, (1, 2): 1}),
        ("1 2 5\n2 3 1\n# end\n3 3 9\n1 3 0\n", "edge list", ["1", "2", "3"], {(0, 1): 5, (1, 2): 1}),
        ("source;target;weight\nx;y;2\n", "edge list", ["x", "y"], {(0, 1): 2}),
        ('\ufeff"",1,3,2\n1,0,4,0\n2,0,1,0\n3,0,0,0\n', "square matrix", ["1", "2", "3"], {(0, 2): 4, (1, 2): 1}),
        ("0\t1\t1\t0\n0\t0\t0\t0\n1\t0\t0\t2\n0\t0\t0\t0\n", "square matrix", list("0123"), None),
        (",e1,e2,e3\nann,1,0,1\nbo,1,1,1\ncy,0,1,0\n", "two-mode matrix", ["ann", "bo", "cy"], {(0, 1): 2, (1, 2): 1}),
    ],
)
def test_shapes(
    tmp_path: Path, text: str, shape: str, names: list[str], weights: dict[tuple[int, int], float] | None
) -> None:
    path = tmp_path / "net.csv"
    path.write_text(text)
    found = load(path)
    assert (found.shape, found.names) == (shape, names)
    if weights is not None:
        assert found.weights == weights


@pytest.mark.parametrize(
    "text",
    ["", "a,b,x\n", "a,b,nan\n", ",a,b,c\na,0,1\nb,1,0,0\n", ",a,a,b\na,0,1,1\nb,0,0,1\n", ",p,q,r\np,0,1,inf\n"],
)
def test_what_is_no_network_is_refused_with_a_sentence(tmp_path: Path, text: str) -> None:
    path = tmp_path / "net.csv"
    path.write_text(text)
    with pytest.raises(Refused, match=r"\.$"):
        evaluate_network(path)


def test_a_file_without_edges_and_a_missing_one(tmp_path: Path) -> None:
    path = tmp_path / "net.csv"
    path.write_text("a,a\n")
    found = evaluate_network(path)
    assert (found["nodes"], found["edges"], found["leaders"], found["stability"]) == (1, 0, [], {})
    with pytest.raises(Refused):
        evaluate_network(tmp_path / "none.csv")


@shared
def test_caviars_heads_come_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """1 (hashish) and 12 (cocaine) are its heads, 3 is 1's lieutenant (NETWORK.md)."""
    monkeypatch.setattr(evaluate, "RUNS", 2)
    found = evaluate_network(DATA / "caviar.csv")
    assert {one["node"] for one in found["leaders"][:3]} == {"1", "3", "12"}
    assert found["nodes"] == 110
    assert set(found["stability"]) == set(evaluate.MODES)
    for one in found["leaders"]:
        assert one["interval"][0] <= one["rank"] <= one["interval"][1]


@shared
@pytest.mark.parametrize("name", ["Montagna_meetings_edgelist.csv", "Montagna_phonecalls_edgelist.csv"])
def test_the_interval_covers_the_rank_among_those_seen(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Control: an interval that is the observed rank alone covers far less."""
    monkeypatch.setattr(evaluate, "RUNS", 5)
    monkeypatch.setattr(evaluate, "SHARES", (0.3,))
    covers = _covers(DATA / name)
    assert sum(covers) / len(covers) >= 0.9
    honest = evaluate.ranks_of
    monkeypatch.setattr(evaluate, "ranks_of", lambda graph, ranked, share=0.3: honest(graph, ranked, 0.0, 1))
    naive = _covers(DATA / name)
    assert sum(naive) / len(naive) < 0.75


def _covers(path: Path) -> list[float]:
    return [cell["cover"] for mode in evaluate_network(path)["stability"].values() for cell in mode.values()]
