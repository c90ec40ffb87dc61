"""Charts as numbers for a server-made SVG. Every chart stands beside its table."""

from dataclasses import dataclass

WIDTH, HEIGHT = 640, 120
"""Units of the drawing (its viewBox); the page scales it."""
GAP = 1


@dataclass(frozen=True, slots=True)
class Bar:
    """One month: ``all`` of its height counts traces, ``own`` those written by the persona itself."""

    label: str
    x: float
    width: float
    all: float
    own: float
    total: int


@dataclass(frozen=True, slots=True)
class Bars:
    """A bar a month; ``top``: what the full height stands for; ``years``: (x, label) where a year begins."""

    bars: tuple[Bar, ...]
    top: int
    years: tuple[tuple[float, str], ...]
    width: int = WIDTH
    height: int = HEIGHT


def bars(months: list[tuple[str, int, int]]) -> Bars | None:
    """From (month "2026-03", all, own); None without any."""
    if not months:
        return None
    top = max(total for _, total, _ in months) or 1
    step = min(WIDTH / len(months), 48)
    width = max(step - GAP, step * 0.7)
    drawn = []
    years = []
    for place, (month, total, own) in enumerate(months):
        x = place * step
        tall, dark = round(total / top * HEIGHT, 2), round(own / top * HEIGHT, 2)
        drawn.append(Bar(month, round(x, 2), round(width, 2), tall, dark, total))
        if place == 0 or month.endswith("-01"):
            years.append((round(x, 2), month if place == 0 else month[:4]))
    return Bars(tuple(drawn), top, tuple(_spaced(years)))


def _spaced(years: list[tuple[float, str]]) -> list[tuple[float, str]]:
    """Labels that do not run into each other."""
    kept: list[tuple[float, str]] = []
    for x, label in years:
        if not kept or x - kept[-1][0] >= 56:
            kept.append((x, label))
    return kept
