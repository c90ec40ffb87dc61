"""``evaluate`` and ``bench``: public measurement of every method, with its conditions."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from trackway.cli import output
from trackway.model.errors import Refused


def evaluate(what: str, paths: list[Path], json: bool) -> None:
    """Measure a method on labelled data. Raises Refused for an unknown one or data of another shape."""
    methods: dict[str, Callable[[list[Path]], dict[str, Any]]] = {"hostile": _hostile, "network": _network}
    if what not in methods:
        raise Refused(f"There is no evaluation {what!r}; there are: {', '.join(methods)}.", "unknown-method")
    answer = methods[what](paths)
    if json:
        output.emit(answer)
        return
    _print(answer)


def _hostile(paths: list[Path]) -> dict[str, Any]:
    from trackway.evaluate.hostile import evaluate_hostile

    if not _one(paths).is_dir():
        raise Refused(f"There is no folder {paths[0].name!r}.", "no-data")
    return evaluate_hostile(paths[0])


def _network(paths: list[Path]) -> dict[str, Any]:
    from trackway.evaluate.network import evaluate_network

    if not _one(paths).is_file():
        raise Refused(f"There is no file {paths[0].name!r}.", "no-data")
    return evaluate_network(paths[0])


def _one(paths: list[Path]) -> Path:
    if len(paths) != 1:
        raise Refused("Name one path.", "usage")
    return paths[0]


def bench(what: str, json: bool) -> None:
    """Measure speed beside a peer. Raises Refused for an unknown bench."""
    from trackway.evaluate.bench_records import bench_records

    benches: dict[str, Callable[[], dict[str, Any]]] = {"records": bench_records}
    if what not in benches:
        raise Refused(f"There is no bench {what!r}; there are: {', '.join(benches)}.", "unknown-bench")
    answer = benches[what]()
    if json:
        output.emit(answer)
        return
    for run in answer["runs"]:
        output.line(", ".join(f"{key} {value}" for key, value in run.items()))


def _print(answer: dict[str, Any]) -> None:
    outcomes = answer.pop("outcomes", None)
    for key, value in answer.items():
        if not isinstance(value, dict | list):
            output.line(f"{key}: {value}")
    if outcomes:
        output.table("Outcomes", ["file", "outcome"], [[name, str(reason)] for name, reason in outcomes.items()])
