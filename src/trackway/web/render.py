"""Pages from templates. Everything is escaped; titles and addresses hold no names."""

import hashlib
from datetime import datetime
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup, escape

from trackway.model.times import now

GLYPHS = {1: "▲", 2: "◆", 3: "●", 4: "○", 5: "·"}
"""Beside the word, for those who do not tell the colours apart."""


def environment() -> Environment:
    """The templates with their filters."""
    found = Environment(
        loader=PackageLoader("trackway.web", "templates"),
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters |= {
        "moment": moment,
        "day": day,
        "left": left,
        "bytes": size,
        "words": words,
        "short": short,
        "trace": trace,
        "mark": mark,
        "count": count,
        "glyph": GLYPHS.__getitem__,
    }
    return found


def moment(iso: str | None) -> Markup:
    """An instant as a ``time`` element: "2026-03-01 09:14", in UTC."""
    if not iso:
        return Markup("<span>undated</span>")
    return Markup('<time datetime="{}">{}</time>').format(iso, iso[:16].replace("T", " "))


def day(iso: str | None) -> Markup:
    """A date as a ``time`` element."""
    if not iso:
        return Markup("<span>undated</span>")
    return Markup('<time datetime="{}">{}</time>').format(iso, iso[:10])


def left(iso: str) -> str:
    """How far off an instant is: "1 h 05 min left", "overdue by 3 days"."""
    seconds = int((datetime.fromisoformat(iso) - now()).total_seconds())
    span = _span(abs(seconds))
    return f"{span} left" if seconds >= 0 else f"overdue by {span}"


def _span(seconds: int) -> str:
    minutes = seconds // 60
    if minutes < 60:
        return f"{minutes} min"
    hours = minutes // 60
    if hours < 48:
        return f"{hours} h {minutes % 60:02d} min"
    return f"{hours // 24} days"


def size(number: int | None) -> str:
    """Bytes for people: "2.1 MB"."""
    if number is None:
        return "size unknown"
    if number < 1000:
        return f"{number} B"
    amount = float(number)
    for unit in ("kB", "MB", "GB", "TB"):
        amount /= 1000
        if amount < 1000 or unit == "TB":
            break
    return f"{amount:.1f} {unit}" if amount < 100 else f"{amount:.0f} {unit}"


def words(token: str) -> str:
    """A sign or a kind as words: "new-in-known-series" -> "new in known series"."""
    return token.replace("-", " ").replace("_", " ")


def short(name: str, length: int = 10) -> str:
    """The beginning of an id, enough to tell it from its neighbours."""
    name = name.removeprefix("series-").removeprefix("md5:")
    return name if len(name) <= length + 2 else f"{name[:length]}…"


def trace(public: str) -> str:
    """A trace in few letters: the beginning of its reading's key, and the number of its record in it."""
    return f"{public[:4]}·{int(public[-8:], 16)}"


def mark(text: str) -> str:
    """A stable name for an element on the page (what focus returns to), which says nothing of the text."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def count(number: int, one: str, many: str | None = None) -> Markup:
    """A number with its noun: "1 file", "3 files"."""
    noun = one if number == 1 else many or f"{one}s"
    return Markup('<span class="n">{}</span> {}').format(f"{number:,}", escape(noun))


def context(**more: Any) -> dict[str, Any]:
    """What every page gets beside its own."""
    return {"now": now().isoformat()[:16].replace("T", " "), **more}
