"""A case for the tests of the workspace: more rows than a page, hostile and very long names, and canaries.

A canary is a word that stands in the evidence as a name would, and must stand in no address, title, storage or log.
"""

import hashlib
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from sqlalchemy import select

from casework import BASIS, OFFICER
from trackway.acts import claims as decisions
from trackway.acts import intake as acts
from trackway.acts.analyse import analyse
from trackway.findings.engine import Settings
from trackway.intake.law import Law
from trackway.intake.run import Progress
from trackway.intake.tasks import Stop
from trackway.sandbox.pool import Pool
from trackway.store import schema
from trackway.store.case import CaseStore, create_case, open_case
from trackway.views.door import consult
from trackway.views.personas import personas

NICK = "Canarynick"
SERIAL = "CANARYSERIAL"
EXHIBIT = "canaryexhibit"
SERIES = "CANARY-MEADOW"
CANARIES = ("canarynick", "canaryserial", "canaryexhibit", "canarymeadow", "canary-meadow", "canarydeed", "canarynote")
AUTHORS = 130
PICTURES = 66
HOSTILE = "<img src=x onerror=alert(1)>\"' style=color:red"
LONG = "Unbroken" * 30


def picture(seed: int, serial: str = "") -> bytes:
    """Noise as a small JPEG, unlike every other; ``serial`` stands in its EXIF."""
    noise = np.random.default_rng(seed).integers(0, 255, (8, 8), dtype=np.uint8)
    exif = Image.Exif()
    if serial:
        exif[0x010F], exif[0x0110] = "Kestrel", "K2"
        exif.get_ifd(0x8769)[0xA431] = serial
    out = io.BytesIO()
    Image.fromarray(noise).resize((96, 96), Image.Resampling.BICUBIC).save(out, "JPEG", quality=85, exif=exif)
    return out.getvalue()


def _export() -> bytes:
    messages: list[dict[str, Any]] = []
    for number in range(1, AUTHORS * 2 + 1):
        author = number % AUTHORS
        name = {0: HOSTILE, 1: LONG}.get(author, f"{NICK} {author}")
        month = 1 + number % 12
        text = "lantern tonight at nine" if number > AUTHORS else f"{NICK} saw {number} lapwings, {LONG}"
        messages.append(
            {
                "id": number,
                "type": "message",
                "date": f"2025-{month:02d}-11T18:02:00",
                "date_unixtime": str(1736618400 + (month - 1) * 2_629_800 + number * 60),
                "from": name,
                "from_id": f"user{5000 + author}",
                "text": text,
            }
        )
    return json.dumps({"name": f"{NICK} group", "type": "private_group", "id": 41, "messages": messages}).encode()


LOG = f"""--- Log opened Sat Feb 28 19:00:00 2026
19:00 -!- otter [otter@marsh.example] has joined #birdhide
19:01 <otter> the far bank is quiet
19:03 -!- otter is now known as {NICK}x
19:04 <{NICK}x> write to {NICK}@marsh.example
--- Log closed Sat Feb 28 20:00:00 2026
"""


def _lists(folder: Path) -> list[Path]:
    context = "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/UK/$metadata#Media"
    made = []
    for name, category, series, identified in (("partner", 1, SERIES, "true"), ("neighbour", 2, "OTHER", "false")):
        records = []
        for seed in range(1, 9):
            md5 = hashlib.md5(picture(seed)).hexdigest().upper()
            files = [{"MD5": md5, "FileName": f"canarymeadow_{seed:03d}.jpg", "FilePath": "E:\\set\\"}]
            records.append(
                {
                    "MediaID": 100 + seed,
                    "Category": category,
                    "VictimIdentified": identified,
                    "Series": series,
                    "MD5": md5,
                    "MediaFiles": files,
                }
            )
        path = folder / f"{name}.json"
        path.write_text(json.dumps({"@odata.context": context, "value": records}))
        made.append(path)
    return made


def lay_out(folder: Path) -> Path:
    """The exhibit below a folder."""
    files = {"ChatExport/result.json": _export(), "logs/birdhide.log": LOG.encode(), "notes.bin": bytes(range(256)) * 4}
    files |= {f"pictures/canarymeadow_{seed:03d}.jpg": picture(seed) for seed in range(1, PICTURES)}
    files |= {f"camera/KES_{seed:04d}.jpg": picture(1000 + seed, SERIAL) for seed in range(3)}
    files |= {f"{HOSTILE.replace('/', '')}.jpg": picture(2000), f"{LONG[:200]}.jpg": picture(2001)}
    files["broken.jpg"] = picture(3000)[:300]
    for path, data in files.items():
        target = folder / EXHIBIT / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    return folder / EXHIBIT


def full_case(folder: Path, pool: Pool) -> CaseStore:
    """The case, read and derived, with a decision of each kind."""
    exhibit = lay_out(folder)
    lists = _lists(folder)
    terms = folder / "terms.csv"
    terms.write_text("term,sign,language,note\nlantern tonight,live,en,\n")
    settings = Settings()
    create_case(str(folder / "case")).close()
    store = open_case(str(folder / "case"))
    order = acts.Order((str(exhibit),), Law(BASIS))
    acts.add_terms(store, terms, OFFICER, settings)
    acts.add_lists(store, pool, lists, OFFICER, settings)
    acts.add(store, pool, order, OFFICER, settings, Progress(), Stop())
    with store.read() as connection:
        subjects = connection.execute(select(schema.item.c.subject).order_by(schema.item.c.subject)).scalars().all()
    persona = next(subject for subject in subjects if subject.startswith("persona:"))
    decisions.acknowledge(store, OFFICER, persona, "handed to the harbour unit")
    decisions.note(store, OFFICER, persona, "called back at nine")
    claim = claimed(store)[1]
    decisions.judge(store, OFFICER, claim, "unsure", "one log only")
    analyse(store, settings)
    return store


def claimed(store: CaseStore) -> tuple[str, str]:
    """A persona that has a claim, and the claim."""
    with consult(store, OFFICER, "test") as view:
        return next((who.id, who.claims[0].id) for who in personas(view) if who.claims)
