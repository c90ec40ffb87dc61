"""Speed of intake on text records, end to end: from files to committed traces with their findings.

The peer in the same run is what a team would write in an afternoon: one process that parses each line with a regular
expression and inserts it into SQLite (same WAL, same ``synchronous=FULL``), without sandbox, identifiers, personas,
digests, raw records or findings. The ratio says what all of those cost.
"""

import contextlib
import os
import random
import re
import sqlite3
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from trackway.acts.analyse import analyse
from trackway.findings.engine import Settings
from trackway.intake.exhibit import locate
from trackway.intake.law import Law
from trackway.intake.run import Intake, Progress
from trackway.intake.tasks import Stop
from trackway.sandbox.pool import Pool
from trackway.store.case import create_case
from trackway.store.journal import Officer

LINES = 200_000
_LINE = re.compile(r"\[(\d\d:\d\d)\] <([^>]+)> (.*)")
_WORDS = """heron marsh lake reed boat morning evening light camera lens feather nest path bridge harbour fox owl hill
river stone field cloud rain wind summer winter north south water bird watch list photo trip early late""".split()


def bench_records(lines: int = LINES) -> dict[str, Any]:
    """{runs: [{format, records, seconds, records_per_s, read_s, derive_s, peers {name: records_per_s}, ratio}]}."""
    with tempfile.TemporaryDirectory(prefix="trackway-bench-") as folder, Pool(workers=os.cpu_count() or 1) as pool:
        runs = []
        for name, write in (("irc", _irc), ("telegram", _telegram)):
            place = Path(folder) / name
            place.mkdir()
            write(place, lines)
            runs.append(_run(Path(folder), place, name, pool) | _peer(Path(folder), place, name))
    for run in runs:
        run["ratio"] = round(run["records_per_s"] / run["peers"]["plain loader"], 3)
    return {"runs": runs, "conditions": {"cores": os.cpu_count(), "store": "SQLite, WAL, synchronous=FULL"}}


def _run(folder: Path, place: Path, name: str, pool: Pool) -> dict[str, Any]:
    store = create_case(str(folder / f"case-{name}"))
    progress = Progress()
    start = time.perf_counter()
    Intake(store, pool, progress, Stop()).run(
        locate(str(place), store.folder), Law("bench"), None, None, Officer("bench")
    )
    read = time.perf_counter()
    analyse(store, Settings())
    end = time.perf_counter()
    store.close()
    return {
        "format": name,
        "records": progress.traces,
        "seconds": round(end - start, 2),
        "records_per_s": round(progress.traces / (end - start)),
        "read_s": round(read - start, 2),
        "derive_s": round(end - read, 2),
    }


def _peer(folder: Path, place: Path, name: str) -> dict[str, Any]:
    parse: Callable[[Path], Any] = _parse_irc if name == "irc" else _parse_telegram
    start = time.perf_counter()
    count = 0
    with contextlib.closing(sqlite3.connect(folder / f"peer-{name}.db", isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("CREATE TABLE message (n INTEGER PRIMARY KEY, time TEXT, author TEXT, text TEXT)")
        batch: list[tuple[str, str, str]] = []
        for path in sorted(place.iterdir()):
            for row in parse(path):
                batch.append(row)
                if len(batch) == 8000:
                    count += _insert(connection, batch)
                    batch = []
        count += _insert(connection, batch)
    return {"peers": {"plain loader": round(count / (time.perf_counter() - start))}}


def _insert(connection: sqlite3.Connection, batch: list[tuple[str, str, str]]) -> int:
    connection.execute("BEGIN IMMEDIATE")
    connection.executemany("INSERT INTO message (time, author, text) VALUES (?, ?, ?)", batch)
    connection.execute("COMMIT")
    return len(batch)


def _parse_irc(path: Path) -> Any:
    with open(path, encoding="utf-8") as handle:
        for line in handle:
            found = _LINE.match(line)
            if found:
                yield found.groups()


def _parse_telegram(path: Path) -> Any:
    for message in msgspec.json.decode(path.read_bytes())["messages"]:
        yield message["date"], message["from"], message["text"]


def _sentence(chance: random.Random) -> str:
    words = " ".join(chance.choice(_WORDS) for _ in range(chance.randint(3, 14)))
    return words if chance.random() > 0.02 else f"{words} https://example.org/{chance.randint(1, 9999)}"


def _irc(place: Path, lines: int) -> None:
    chance = random.Random(1)
    nicks = [f"{chance.choice(_WORDS)}_{n}" for n in range(400)]
    per_day = lines // 20
    for day in range(20):
        with open(place / f"2025-03-{day + 1:02}.txt", "w", encoding="utf-8") as handle:
            for n in range(per_day):
                minute = n * 1440 // per_day
                handle.write(f"[{minute // 60:02}:{minute % 60:02}] <{chance.choice(nicks)}> {_sentence(chance)}\n")


def _telegram(place: Path, lines: int) -> None:
    chance = random.Random(2)
    messages = [
        {
            "id": n,
            "type": "message",
            "date": "2025-03-01T10:00:00",
            "date_unixtime": str(1_740_000_000 + n * 7),
            "from": f"watcher {n % 400}",
            "from_id": f"user{1000 + n % 400}",
            "text": _sentence(chance),
            "text_entities": [],
        }
        for n in range(lines)
    ]
    export = {"name": "Bird talk", "type": "private_supergroup", "id": 77, "messages": messages}
    (place / "result.json").write_bytes(msgspec.json.encode(export))
