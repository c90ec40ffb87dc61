"""The demo's known lists in their field formats, with the oddities of the field, and the team's terms."""

import base64
import csv
import hashlib
import io
import json
import random
from typing import Any

import numpy as np
import pdqhash
from msgspec import Struct
from PIL import Image

from trackway.demo.gallery import VIRAL, Picture
from trackway.demo.people import TERMS

PARTNER, NEIGHBOUR, ICSE, PLAIN = "partner-vics.json", "neighbour-vics.json", "icse-baseline.csv", "harbour-md5.txt"
HERON, FOX, SEAL, OTTER = "MARSH-HERON", "QUARRY-FOX", "HARBOUR-SEAL", "TIDE-OTTER"
CONTEXT = "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/UK/$metadata#"
FLAGS = {True: "true", False: "false"}


class Entry(Struct, frozen=True):
    """One record of a list. ``picture`` is a key of the gallery, or "" for a file that nobody in the case has.
    None = the list does not say. ``hash_only`` says which digest a plain list gives."""

    list: str
    id: str
    picture: str
    series: str | None = None
    victim_identified: bool | None = None
    category: int | None = None
    pdq: bool = False
    tags: tuple[str, ...] = ()
    hash_only: str = ""
    fake: str = ""
    """Seed of invented digests; entries with the same seed have the same MD5."""


def entries() -> list[Entry]:
    """Every record of every list, in the order of the lists."""
    return [*_partner(), *_neighbour(), *_icse(), *_plain()]


def _partner() -> list[Entry]:
    found = [Entry(PARTNER, f"{100 + n}", f"heron{n}", HERON, True, 1, pdq=n == 6) for n in range(1, 7)]
    found.append(Entry(PARTNER, "131", "heron1", HERON, True, 1))
    found += [Entry(PARTNER, f"{106 + n}", "", HERON, True, 1, fake=f"heron-far{n}") for n in (1, 2)]
    found += [Entry(PARTNER, f"{200 + n}", f"fox{n}", FOX, False, 2) for n in range(1, 6)]
    found += [
        Entry(PARTNER, f"{300 + n}", f"viral{n}", category=3, pdq=n % 2 == 0, tags=("viral",))
        for n in range(1, VIRAL + 1)
    ]
    found.append(Entry(PARTNER, "401", "disputed", SEAL, False, 1))
    found += [Entry(PARTNER, f"{900 + n}", "", category=2, fake=f"far{n}") for n in range(1, 21)]
    return [*found, Entry(PARTNER, "999", "empty", category=4)]


def _neighbour() -> list[Entry]:
    """A neighbour's list; its record of the disputed file is wrong, and one digest pair does not fit together."""
    return [
        Entry(NEIGHBOUR, "N-1", "disputed", OTTER, True, 2),
        Entry(NEIGHBOUR, "N-2", "fox2", FOX, None, 2),
        Entry(NEIGHBOUR, "N-3", "", category=2, fake="far3"),
    ]


def _icse() -> list[Entry]:
    found = [Entry(ICSE, f"88{n:04d}", f"heron{n}", HERON, True) for n in range(1, 5)]
    found.append(Entry(ICSE, "880101", "fox1", FOX, False))
    return found + [Entry(ICSE, f"8809{n:02d}", "", victim_identified=False, fake=f"icse{n}") for n in range(1, 7)]


def _plain() -> list[Entry]:
    found = [Entry(PLAIN, "", f"viral{n}", hash_only="md5") for n in range(1, VIRAL + 1)]
    found.append(Entry(PLAIN, "", "broken-listed", hash_only="sha1"))
    found += [Entry(PLAIN, "", "", hash_only="md5", fake=f"plain{n}") for n in range(1, 11)]
    return [*found, Entry(PLAIN, "", "empty", hash_only="md5")]


def digests(entry: Entry, pictures: dict[str, Picture]) -> tuple[str, str]:
    """(MD5, SHA-1) that the entry states, lower-case hex."""
    if entry.picture:
        return pictures[entry.picture].md5, pictures[entry.picture].sha1
    # The same invented file in two lists has one MD5, but one of the lists states a wrong SHA-1 with it.
    return hashlib.md5(entry.fake.encode()).hexdigest(), hashlib.sha1((entry.fake + entry.list).encode()).hexdigest()


def list_files(pictures: dict[str, Picture]) -> dict[str, bytes]:
    """The list files by name."""
    by_list: dict[str, list[Entry]] = {name: [] for name in (PARTNER, NEIGHBOUR, ICSE, PLAIN)}
    for entry in entries():
        by_list[entry.list].append(entry)
    partner = [_media(entry, pictures) for entry in by_list[PARTNER]]
    neighbour = [_media(entry, pictures) for entry in by_list[NEIGHBOUR]]
    case = {
        "CaseID": "6f1d0c5e-0000-4000-8000-000000000001",
        "CaseNumber": "PARTNER-EXPORT",
        "SourceApplicationName": "Invented Workbench",
        "TotalMediaFiles": 3,
        "Media": partner,
    }
    return {
        PARTNER: _json({"@odata.context": CONTEXT + "Cases", "value": [case]}),
        # A byte order mark at the start, as some exporters write it.
        NEIGHBOUR: b"\xef\xbb\xbf" + _json({"@odata.context": CONTEXT + "Media", "value": neighbour}),
        ICSE: _icse_csv(by_list[ICSE], pictures),
        PLAIN: "".join(f"{_plain_digest(entry, pictures)}\n" for entry in by_list[PLAIN]).encode(),
    }


def terms_file() -> bytes:
    """The team's terms as CSV."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([("term", "sign", "language", "note"), *TERMS])
    return out.getvalue().encode()


def _plain_digest(entry: Entry, pictures: dict[str, Picture]) -> str:
    return digests(entry, pictures)[1 if entry.hash_only == "sha1" else 0]


def _media(entry: Entry, pictures: dict[str, Picture]) -> dict[str, Any]:
    """One VICS Media record: flags are strings, an unknown flag is absent, the MD5 is upper case."""
    md5, sha1 = digests(entry, pictures)
    picture = pictures.get(entry.picture)
    record: dict[str, Any] = {
        "MediaID": int(entry.id) if entry.id.isdigit() else entry.id,
        "Category": entry.category,
        "MD5": md5.upper(),
        "SHA1": sha1.upper(),
        "PhotoDNA": base64.b64encode(random.Random(md5).randbytes(144)).decode(),
        "MediaSize": str(len(picture.data)) if picture else 40000,
        "MimeType": "image/jpeg",
        "DateUpdated": "2025-10-02T08:00:00+1:00Z",
    }
    if entry.victim_identified is not None:
        record["VictimIdentified"] = FLAGS[entry.victim_identified]
    if entry.series:
        record["Series"] = entry.series if entry.list == PARTNER else {"Name": entry.series}
    if entry.tags:
        record["Tags"] = list(entry.tags)
    if picture:
        record["MediaFiles"] = [{"MD5": md5.upper(), "FileName": picture.name, "FilePath": f"E:\\set{entry.id}\\"}]
    if entry.pdq and picture:
        record["AlternativeHashes"] = [{"HashName": "PDQ", "HashValue": _pdq(picture), "MD5": md5.upper()}]
    return record


def _pdq(picture: Picture) -> str:
    """PDQ by the reference implementation, as a partner would have computed it."""
    with Image.open(io.BytesIO(picture.data)) as image:
        bits, _ = pdqhash.compute(np.asarray(image.convert("RGB")))
    return np.packbits(np.asarray(bits, np.uint8)).tobytes().hex()


def _icse_csv(found: list[Entry], pictures: dict[str, Picture]) -> bytes:
    """INTERPOL's baseline columns."""
    columns = (
        "MD5;SHA1;PhotoDNA;Image ID;Is distributed;Victim identified;Offender identified;Series name;"
        "Number of submissions;File Available;Media Type;Baseline"
    )
    rows = [columns]
    for entry in found:
        md5, sha1 = digests(entry, pictures)
        said = "Yes" if entry.victim_identified else "No"
        rows.append(f"{md5};{sha1};;{entry.id};Yes;{said};No;{entry.series or ''};7;Yes;Image;Yes")
    return ("\r\n".join(rows) + "\r\n").encode()


def _json(value: Any) -> bytes:
    return json.dumps(value, indent=1).encode()
