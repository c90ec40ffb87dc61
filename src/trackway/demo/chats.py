"""The demo's chats: a Telegram Desktop account export, a later export of one of its groups, an IRC channel's logs."""

import io
import json
import random
import zipfile
from datetime import timedelta
from typing import Any

from msgspec import Struct

from trackway.demo import people
from trackway.demo.gallery import VIRAL
from trackway.demo.people import (
    I_CLERK,
    I_GREBE,
    I_HERON,
    I_MOTH,
    I_NEW,
    I_OLD,
    I_SAND,
    T_GULL,
    T_HERON,
    T_QUARRY,
    T_REED,
    T_SKUA,
    T_TERN,
)
from trackway.demo.story import IRC, LAPTOP, STICK, ActKind, Story, Who, moment

ZIP_TIME = (2026, 2, 28, 20, 0, 0)
GROUP, EXCHANGE, DIRECT = 4100200301, 1500600701, 5006
FOLDER = "ChatExport_2026-02-28"


class Post(Struct, frozen=True):
    """One Telegram message; ``when`` UTC; ``file`` the key of a picture sent with it, ``document`` uncompressed."""

    id: int
    who: Who
    when: str
    text: str = ""
    file: str = ""
    document: bool = False


GROUP_POSTS = (
    Post(10, T_QUARRY, "2026-01-11 18:02", "Good evening all, the second one of the quarry walk.", "fox2"),
    Post(11, T_REED, "2026-01-11 18:05", "Lovely light, thank you."),
    Post(12, T_HERON, "2026-02-02 07:40", "Frost on the boardwalk today, mind your step."),
    Post(15, T_HERON, "2026-02-26 07:10", "Fresh from the nest, taken this morning.", "shared-new", True),
    Post(16, T_QUARRY, "2026-02-26 07:31", "I have the garden key now, come and ask me."),
    Post(17, T_REED, "2026-02-27 18:20", "l4nt3rn t0n1ght at nine, be ready."),
)
LATER_POST = Post(18, T_HERON, "2026-02-28 10:15", "Boots and a flask, nothing else needed.")


def _exchange_posts() -> list[Post]:
    """A busy public group: the same old pictures over and over."""
    posts = []
    for round_ in range(4):
        for n in range(1, VIRAL + 1):
            when = f"2025-{6 + round_:02d}-{n + 3:02d} 12:{n:02d}"
            posts.append(Post(100 + round_ * VIRAL + n, T_GULL, when, "One for the collection.", f"viral{n}"))
    posts += [
        Post(200 + n, T_SKUA, f"2025-11-{n + 3:02d} 21:0{n}", "Mirror of the mirror.", f"viral{n}") for n in range(1, 7)
    ]
    posts.append(Post(210, T_GULL, "2025-12-01 11:00", "The same one, smaller.", "viral3-again"))
    return posts


DIRECT_POSTS = (
    Post(31, T_TERN, "2026-02-14 15:19", "From our walk along the harbour:"),
    Post(32, T_TERN, "2026-02-14 15:20", "", "walk"),
    Post(33, T_HERON, "2026-02-14 15:44", "What a tower! See you on Sunday."),
)


def laptop_export(story: Story) -> bytes:
    """The zip of the whole account as it lies on the laptop; its acts are recorded in the story."""
    story.meet(T_HERON, T_QUARRY, T_REED, T_GULL, T_SKUA, T_TERN)
    plan: tuple[tuple[str, str, int, tuple[Post, ...], ActKind], ...] = (
        ("Marsh Notes", "private_group", GROUP, GROUP_POSTS, "sent"),
        ("Harbour Exchange", "public_supergroup", EXCHANGE, tuple(_exchange_posts()), "offered"),
        ("tern_table", "personal_chat", DIRECT, DIRECT_POSTS, "sent"),
    )
    files: dict[str, bytes] = {}
    chats = [_chat(story, LAPTOP, files, *entry, prefix=f"chats/chat_{i:03d}/") for i, entry in enumerate(plan, 1)]
    account = {
        "about": "Here is the data you requested.",
        "personal_information": {
            "user_id": 5001,
            "first_name": "heron_watch",
            "last_name": "",
            "phone_number": people.HERON_PHONE,
            "username": "@heron_watch",
            "bio": "",
        },
        "contacts": {"about": "", "list": [_contact(5002, "quarry_king", people.QUARRY_PHONE)]},
        "chats": {"about": "", "list": chats},
    }
    return _zip({f"{FOLDER}/result.json": _json(account)} | {f"{FOLDER}/{path}": data for path, data in files.items()})


def stick_export(story: Story) -> bytes:
    """The zip of one group, exported a day later: the same messages, and one more."""
    files: dict[str, bytes] = {}
    posts = (*GROUP_POSTS, LATER_POST)
    chat = _chat(story, STICK, files, "Marsh Notes", "private_group", GROUP, posts, "sent", prefix="")
    return _zip({f"{FOLDER}/result.json": _json(chat)} | {f"{FOLDER}/{path}": data for path, data in files.items()})


def _chat(
    story: Story,
    exhibit: str,
    files: dict[str, bytes],
    name: str,
    kind: str,
    number: int,
    posts: tuple[Post, ...],
    act: ActKind,
    *,
    prefix: str,
) -> dict[str, Any]:
    """One chat as Telegram Desktop writes it; its files are added to ``files``, its acts to the story."""
    messages = []
    for post in posts:
        when = moment(post.when)
        message: dict[str, Any] = {
            "id": post.id,
            "type": "message",
            # Local time of the exporting machine (one hour ahead): readers are to use date_unixtime.
            "date": (when + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%S"),
            "date_unixtime": str(int(when.timestamp())),
            "from": post.who.names[0],
            "from_id": post.who.key,
        }
        if post.file:
            message |= _attach(story, files, post, prefix)
            story.act(exhibit, post.file, act, post.who, str(number), str(post.id))
        message["text"] = post.text
        message["text_entities"] = [{"type": "plain", "text": post.text}] if post.text else []
        messages.append(message)
    story.lay(exhibit, sorted({post.file for post in posts if post.file}))
    return {"name": name, "type": kind, "id": number, "messages": messages}


def _attach(story: Story, files: dict[str, bytes], post: Post, prefix: str) -> dict[str, Any]:
    """The keys of a message that point to its file."""
    data = story.pictures[post.file].data
    if post.document:
        name = story.pictures[post.file].name
        path = f"{prefix}files/{name}"
        files[path] = data
        return {"file": path, "file_name": name, "file_size": len(data), "mime_type": "image/jpeg"}
    path = f"{prefix}photos/photo_{post.id}@{moment(post.when):%d-%m-%Y_%H-%M-%S}.jpg"
    files[path] = data
    return {"photo": path, "photo_file_size": len(data), "width": 480, "height": 360}


def _contact(number: int, name: str, phone: str) -> dict[str, Any]:
    return {
        "user_id": number,
        "first_name": name,
        "last_name": "",
        "phone_number": phone,
        "date": "2025-05-04T12:00:00",
        "date_unixtime": str(int(moment("2025-05-04 11:00").timestamp())),
    }


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1).encode()


def _zip(files: dict[str, bytes]) -> bytes:
    """A zip whose members all have the same fixed time. Pictures do not shrink: they are stored."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for path, data in files.items():
            info = zipfile.ZipInfo(path, ZIP_TIME)
            info.compress_type = zipfile.ZIP_DEFLATED if path.endswith(".json") else zipfile.ZIP_STORED
            archive.writestr(info, data)
    return out.getvalue()


class Line(Struct, frozen=True):
    """One planted line of the channel: when, who, what."""

    when: str
    who: Who
    text: str


def _planted(story: Story) -> list[Line]:
    """The lines that matter, among two years of weather and birds."""
    digest = story.pictures["viral2"].md5
    return [  # Not a term, since no whole word: "magiclantern tonight".
        Line("2024-05-18 19:41", I_CLERK, "lantern tonight around nine, same place as last spring"),
        Line("2024-11-16 20:12", I_HERON, f"write to {people.HERON_MAIL} if the channel is down"),
        Line("2026-01-17 20:30", I_MOTH, "The magiclantern tonight shows the dunes, all welcome."),
        Line("2025-08-16 21:02", I_SAND, f"is yours the same? md5 {digest}"),
        Line("2026-02-28 19:40", I_NEW, "lantern tonight at 21:00, same room as before"),
    ]


RENAMED = "2025-11-15 20:20"


def irc_logs(story: Story) -> dict[str, bytes]:
    """Twenty-four monthly evenings of #birdhide, by file name; times without zone, as such logs have them."""
    chance = random.Random(24)
    regulars = [I_CLERK, I_MOTH, I_SAND, I_GREBE, I_HERON]
    planted = _planted(story)
    story.meet(*regulars, I_OLD, I_NEW)
    story.act(IRC, "viral2", "record_only", I_SAND, "birdhide", "2025-08-16 21:02")
    logs = {}
    for number in range(24):
        year, month = 2024 + (number + 2) // 12, (number + 2) % 12 + 1
        day = "28" if (year, month) == (2026, 2) else f"{15 + (number + 1) % 5}"
        date = f"{year}-{month:02d}-{day}"
        here = next((line.when[:10] for line in planted if line.when.startswith(f"{year}-{month:02d}")), date)
        date = RENAMED[:10] if RENAMED.startswith(f"{year}-{month:02d}") else here
        mallard = I_NEW if date > RENAMED[:10] else I_OLD
        logs[f"{date}.txt"] = _evening(chance, date, [*regulars, mallard], planted).encode()
    return logs


def _evening(chance: random.Random, date: str, crowd: list[Who], planted: list[Line]) -> str:
    """One log: joins, chatter, planted lines, the rename where it belongs, parts."""
    said = [(f"{19 + i // 6}:{i * 10 % 60 + chance.randrange(10):02d}", chance.choice(crowd)) for i in range(14)]
    lines = [(clock, f"[{clock}] <{who.key}> {chance.choice(people.CHATTER)}") for clock, who in said]
    lines += [(p.when[11:], f"[{p.when[11:]}] <{p.who.key}> {p.text}") for p in planted if p.when.startswith(date)]
    if RENAMED.startswith(date):
        lines = [entry for entry in lines if I_OLD.key not in entry[1]]
        lines += [
            ("20:19", f"[20:19] <{I_OLD.key}> time for a new name"),
            (RENAMED[11:], f"=== {I_OLD.key} is now known as {I_NEW.key}"),
            ("20:21", f"[20:21] <{I_NEW.key}> that is better"),
        ]
    masks = [f"=== {who.key} [~{who.key[:6]}@dsl-{i}.hide.example] " for i, who in enumerate(crowd, 21)]
    joins, parts = (
        [f"{mask} has joined #birdhide" for mask in masks],
        [f"{mask} has left #birdhide" for mask in masks[:2]],
    )
    return "\n".join([*joins, *(line for _, line in sorted(lines, key=lambda entry: entry[0])), *parts]) + "\n"
