"""The demo's laptop: a small FAT disk image with pictures, a chat export, a backup with traps, and odd files."""

import io
import random
import zipfile

from trackway.demo.chats import ZIP_TIME, laptop_export
from trackway.demo.fat import fat12_image
from trackway.demo.story import LAPTOP, Story

PICTURES = "Users/heron/Pictures"
KEEP = (*(f"heron{n}" for n in range(1, 5)), "heron-new", "fox1", "fox-new")
LOOSE = (
    "fox-camera-old",
    "heron6-again",
    "heron2-half",
    "heron3-mirrored",
    "disputed",
    "reported-new",
    "broken-listed",
    "broken-unlisted",
    "empty",
)
NESTED = "fox5"
TRAVERSAL, SEALED, UNKNOWN = "escape.txt", "sealed.jpg", "sketchbook.xyz"
DELETED = "Users/heron/Documents/old list.txt"
NOTES = b"boots\nflask\nnew strap for the camera\n"


def laptop_files(story: Story) -> dict[str, bytes]:
    """What lies on the laptop, by path, deleted files too; it is recorded in the story."""
    folder = dict.fromkeys(KEEP, f"{PICTURES}/keep") | dict.fromkeys(LOOSE, PICTURES)
    files = {f"{place}/{story.pictures[key].name}": story.pictures[key].data for key, place in folder.items()}
    story.lay(LAPTOP, (*folder, NESTED))
    return files | {
        "Users/heron/Documents/notes.txt": NOTES,
        DELETED: b"a list that somebody deleted\n",
        f"Users/heron/Documents/{UNKNOWN}": _no_known_type(),
        "Users/heron/Downloads/telegram.zip": laptop_export(story),
        "Users/heron/Downloads/backup.zip": _backup(story),
    }


def laptop_image(files: dict[str, bytes]) -> bytes:
    """The disk image of these files."""
    return fat12_image(files, {DELETED})


def _no_known_type() -> bytes:
    """Bytes that no format claims."""
    return b"\xf3\x9b\x01\x00sketch\x00" + random.Random(5).randbytes(900)


def _backup(story: Story) -> bytes:
    """A zip with a zip inside, a member that tries to leave the folder, and one that says it is encrypted."""
    picture = story.pictures[NESTED]
    inner = _zip({f"old/{picture.name}": picture.data})
    escape = {f"../../{TRAVERSAL}": b"out of the folder\n"}
    return _say_encrypted(_zip({"inner.zip": inner} | escape | {SEALED: random.Random(6).randbytes(500)}), SEALED)


def _zip(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for path, data in files.items():
            archive.writestr(zipfile.ZipInfo(path, ZIP_TIME), data)
    return out.getvalue()


def _say_encrypted(data: bytes, name: str) -> bytes:
    """Set the encryption bit of one member, in its local header and in the directory (APPNOTE 4.4.4)."""
    changed = bytearray(data)
    for signature, flags_at, name_at in ((b"PK\x03\x04", 6, 30), (b"PK\x01\x02", 8, 46)):
        start = data.find(signature)
        while start >= 0:
            if data[start + name_at : start + name_at + len(name)] == name.encode():
                changed[start + flags_at] |= 1
            start = data.find(signature, start + 4)
    return bytes(changed)
