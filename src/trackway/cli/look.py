"""``queue``, ``media``, ``personas``, ``network``, ``show``: looking at a case, as text."""

import re
from typing import Any

from trackway.cli import output
from trackway.cli.session import opened
from trackway.model.errors import Refused
from trackway.model.times import instant_of, moment_of
from trackway.store.journal import Officer
from trackway.views import media as media_view
from trackway.views import queue as queue_view
from trackway.views.door import consult

ID = re.compile(
    r"([a-z]{1,12}:)?([0-9a-f:]{8,80}|[a-z]{2,8}-[0-9a-f]{8,64}|[0-9]{1,40}|(md5|sha1|sha256):[0-9a-f]{32,64})"
)


def queue(case: str, officer: Officer, reveal: bool, json: bool) -> None:
    """The queue, best first."""
    with opened(case) as (store, settings), consult(store, officer, "queue", reveal=reveal) as view:
        rows = view.masked(queue_view.queue(view, settings))
        spots = queue_view.blind_spots(view)
    if json:
        output.emit(rows)
        return
    output.line("Not seen by the machine: " + "; ".join(spots) + ".")
    if not rows:
        output.line("Nothing waits.")
        return
    shown = [
        [
            str(row.rank),
            f"{row.tier} {row.tier_name}",
            f"{row.subject.kind}:{row.subject.id[:20]}",
            "\n".join(f"{reason.sign}: {reason.sentence}" for reason in row.reasons[:4]),
            "" if row.clock is None else f"{row.clock.state}\ndue {row.clock.due[:16]}",
        ]
        for row in rows[:50]
    ]
    output.table("Queue", ["", "tier", "subject", "why", "clock"], shown)
    if len(rows) > 50:
        output.line(f"and {len(rows) - 50} more (with --json: all)")


def media(case: str, officer: Officer, reveal: bool, json: bool) -> None:
    """All media items."""
    with opened(case) as (store, _settings), consult(store, officer, "media", reveal=reveal) as view:
        items = view.masked(list(media_view.all_media(view)))
    if json:
        output.emit(items)
        return
    rows = [
        [
            (item.sha256 or item.md5 or item.id)[:16],
            item.type,
            item.novelty + (", new material" if item.new_material else ""),
            item.sentence,
            ", ".join(f"{kind} {count}" for kind, count in item.sightings.items() if count),
        ]
        for item in items[:200]
    ]
    output.table(f"Media: {len(items)} items", ["id", "type", "novelty", "why", "sightings"], rows)
    if len(items) > 200:
        output.line(f"and {len(items) - 200} more (with --json: all)")


def personas(case: str, officer: Officer, reveal: bool, as_of: str | None, json: bool) -> None:
    """All personas."""
    from trackway.views.personas import personas as all_personas

    with opened(case) as (store, _settings), consult(store, officer, "personas", reveal=reveal) as view:
        found = view.masked(list(all_personas(view, _instant(as_of))))
    if json:
        output.emit(found)
        return
    rows = [
        [
            one.id[:16],
            one.service,
            ", ".join(one.names[:3]),
            ", ".join(f"{i.kind} {i.value}" for i in one.identifiers[:3]),
            str(one.traces),
            f"{(one.first or '')[:10]} to {(one.last or '')[:10]}",
        ]
        for one in found[:200]
    ]
    output.table(f"Personas: {len(found)}", ["id", "service", "names", "identifiers", "traces", "seen"], rows)


def network(case: str, officer: Officer, reveal: bool, json: bool) -> None:
    """Nodes, edges, prominence with its interval, coverage."""
    from trackway.views.network import network as network_view

    with opened(case) as (store, _settings):
        answer = network_view(store, officer, reveal)
    if json:
        output.emit(answer)
        return
    output.line(str(answer.coverage.get("sentence", "")))
    ranked = sorted((node for node in answer.nodes if node.rank is not None), key=lambda node: node.rank or 0)
    rows = [
        [str(n.rank), f"{n.interval[0]} to {n.interval[1]}" if n.interval else "", n.label, n.id[:16]]
        for n in ranked[:30]
    ]
    output.table("Prominent among those seen", ["rank", "interval", "name", "id"], rows)


def show(case: str, ids: list[str], officer: Officer, reveal: bool, as_of: str | None, json: bool) -> None:
    """Open things by id; each opening is one consultation."""
    from trackway.views.show import show as show_view

    answers: list[Any] = []
    with opened(case) as (store, settings):
        for name in ids:
            with consult(store, officer, "show", _id_like(name), reveal=reveal) as view:
                answer = show_view(view, settings, name, _instant(as_of))
                if answer is None:
                    raise Refused("Nothing in this case bears that id.", "no-such-id")
                answers.append(view.masked(answer))
    output.emit(answers[0] if len(answers) == 1 else answers)


def _instant(as_of: str | None) -> int | None:
    return None if as_of is None else instant_of(moment_of(as_of, "--as-of"))


def _id_like(name: str) -> str:
    """What stands in the ledger as the subject of a look: an id. A name typed by mistake is not kept there."""
    return name if ID.fullmatch(name) else "(no id)"
