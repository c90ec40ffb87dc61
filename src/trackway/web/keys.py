"""The keys of the workspace: one table, which the pages' script, the help page and the tests read."""

import json
from collections import defaultdict
from dataclasses import dataclass

TYPING_INERT = "Keys do nothing while you type, in dialogs, and with Ctrl, Alt or Meta."


@dataclass(frozen=True, slots=True)
class Key:
    """``keys``: one key, or two pressed one after the other ("g q"). ``act`` is what keys.js does with it (``go`` to an
    address, or one of its own acts); ``where`` says on which screens it means something."""

    keys: str
    act: str
    label: str
    where: str = "everywhere"
    address: str = ""


KEYS: tuple[Key, ...] = (
    Key("g q", "go", "Queue", address="/queue"),
    Key("g m", "go", "Media", address="/media"),
    Key("g p", "go", "Personas", address="/personas"),
    Key("g n", "go", "Network", address="/network"),
    Key("g l", "go", "Known lists", address="/lists"),
    Key("g i", "go", "Intake", address="/intake"),
    Key("g c", "go", "Custody", address="/custody"),
    Key("?", "go", "Keys and settings", address="/help"),
    Key("j", "next", "Next row", "lists"),
    Key("k", "previous", "Row before", "lists"),
    Key("Enter", "open", "Open the row", "lists"),
    Key("Escape", "close", "Close what is open: a form, the trace, the item"),
    Key("]", "page-next", "Next page", "lists"),
    Key("[", "page-back", "Page before", "lists"),
    Key("a", "acknowledge", "Acknowledge: write what is done about it", "queue, item"),
    Key("n", "note", "Write a note", "item, media, persona"),
    Key("t", "traces", "Go to the traces", "item, media, persona"),
    Key("y", "accept", "Accept the claim, with a reason", "persona"),
    Key("r", "reject", "Reject the claim, with a reason", "persona"),
    Key("u", "unsure", "Say that you are unsure, with a reason", "persona"),
    Key("z", "undo", "Undo your last judgement of the claim, with a reason", "persona"),
)


def collisions(keys: tuple[Key, ...] = KEYS) -> list[str]:
    """Keys that mean two things, and single keys that would swallow the first of a pair. Empty where all is well."""
    meant = defaultdict(list)
    for key in keys:
        meant[key.keys].append(key.label)
    twice = [f"{keys}: {', '.join(labels)}" for keys, labels in meant.items() if len(labels) > 1]
    first = {keys.split(" ")[0] for keys in meant if " " in keys}
    return twice + [f"{keys}: also begins a pair" for keys in meant if keys in first]


def as_module(keys: tuple[Key, ...] = KEYS) -> str:
    """The table as a script that keys.js imports."""
    rows = [{"keys": key.keys, "act": key.act, "address": key.address} for key in keys]
    return f"export default {json.dumps(rows)};\n"
