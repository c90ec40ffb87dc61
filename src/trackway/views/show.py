"""Opening one thing by its id: a trace, a media item, a persona, an item of the queue, a claim, an exhibit."""

from typing import Any

import msgspec
from sqlalchemy import select

from trackway.findings.engine import Settings
from trackway.model.times import iso
from trackway.model.trace import PersonaRef
from trackway.store import schema
from trackway.store.ids import persona_key, trace_number
from trackway.store.raw import Raw, whole_trace
from trackway.views.answers import TraceAnswer
from trackway.views.door import View
from trackway.views.masking import MASK
from trackway.views.media import one_media
from trackway.views.places import places_of_content
from trackway.views.queue import queue_row

VICTIM_FIELDS = ("victim_data",)
"""What readers keep of a victim: shown only when asked for."""
RAW_SHOWN = 20_000


def show(view: View, settings: Settings, name: str, as_of: int | None = None) -> Any:
    """Whatever bears this id; None where nothing does."""
    from trackway.views.personas import claim, persona

    trace = trace_number(view.connection, view.case_no, name)
    if trace is not None and (answer := trace_answer(view, trace)) is not None:
        return answer
    if (media := one_media(view, name)) is not None:
        return media
    if (found := persona(view, name, as_of)) is not None:
        return found
    if (stated := claim(view, name, as_of)) is not None:
        return stated
    for subject in (name, f"report:{name}", f"series:{name}"):
        if (row := queue_row(view, settings, subject)) is not None:
            return row
    return None


def trace_answer(view: View, n: int) -> TraceAnswer | None:
    """One trace, opened."""
    t, r = schema.trace.c, schema.reading.c
    row = view.connection.execute(
        select(t.body, t.text, r.key, r.reader, r.version, r.content)
        .select_from(schema.trace.join(schema.reading, r.no == n >> 32))
        .where(t.n == n, t.case_no == view.case_no)
    ).first()
    if row is None:
        return None
    trace = whole_trace(row.body, row.text, Raw(view.connection).of(n))
    fields = dict(trace.fields)
    raw = trace.raw[:RAW_SHOWN].decode("utf-8", "replace")
    if not view.reveal and any(fields.get(name) for name in VICTIM_FIELDS):
        fields |= {name: MASK for name in VICTIM_FIELDS if fields.get(name)}
        raw = f"{MASK} (the record holds data of a victim; ask for it with --reveal)"
    label = msgspec.to_builtins(trace.label) if trace.label is not None else None
    if label is not None and not view.reveal and label.get("series"):
        label["series"] = MASK
    return TraceAnswer(
        id=bytes(row.key)[:12].hex() + f"{n & 0xFFFFFFFF:08x}",
        kind=trace.kind,
        locator=trace.locator,
        when=None
        if trace.when is None
        else {"written": trace.when.written, "instant": iso(trace.when.instant), "basis": trace.when.basis},
        author=_persona(trace.author),
        to=[held for party in trace.to if (held := _persona(party))],
        others=[held for party in trace.others if (held := _persona(party))],
        conversation=None if trace.conversation is None else msgspec.to_builtins(trace.conversation),
        text=trace.text,
        identifiers=msgspec.to_builtins(trace.identifiers),
        shares=msgspec.to_builtins(trace.shares),
        label=label,
        fields=fields,
        raw=raw,
        reader=row.reader,
        version=row.version,
        places=places_of_content(view, int(row.content)),
    )


def _persona(party: PersonaRef | None) -> dict[str, Any] | None:
    if party is None:
        return None
    return {
        "id": persona_key(party.service, party.key).hex(),
        "service": party.service,
        "key": party.key,
        "names": list(party.names),
    }
