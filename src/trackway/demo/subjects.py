"""What stands in the demo's pictures: a heron, a fox, an owl, boats, geese, a lighthouse, drawn with few shapes."""

import math
import random
from collections.abc import Callable, Sequence
from itertools import pairwise

from PIL import ImageDraw

Point = tuple[float, float]
Colour = tuple[int, int, int]


class Brush:
    """Draws in relative units: x and y from 0 to 1 over the canvas; thickness and radius as shares of its width."""

    def __init__(self, pen: ImageDraw.ImageDraw, width: int, height: int) -> None:
        self._pen, self._width, self._height = pen, width, height
        self.aspect = width / height

    def _at(self, points: Sequence[Point]) -> list[tuple[float, float]]:
        return [(x * self._width, y * self._height) for x, y in points]

    def shape(self, points: Sequence[Point], colour: Colour) -> None:
        """A filled polygon."""
        self._pen.polygon(self._at(points), fill=colour)

    def line(self, points: Sequence[Point], thick: float, colour: Colour) -> None:
        """A line through the points with round joints."""
        self._pen.line(self._at(points), fill=colour, width=max(1, round(thick * self._width)), joint="curve")

    def oval(self, middle: Point, half: Point, colour: Colour) -> None:
        """An ellipse; ``half`` are its half axes, both as shares of the width."""
        (x, y), (a, b) = self._at([middle])[0], (half[0] * self._width, half[1] * self._width)
        self._pen.ellipse((x - a, y - b, x + a, y + b), fill=colour)

    def disc(self, middle: Point, radius: float, colour: Colour) -> None:
        """A circle."""
        self.oval(middle, (radius, radius), colour)

    def box(self, top: float, bottom: float, colour: Colour) -> None:
        """A band over the whole width."""
        self._pen.rectangle((0, top * self._height, self._width, bottom * self._height), fill=colour)


class Stance:
    """Places a figure: local units (y downwards, about -1 to 1) are scaled, turned left or right and set down."""

    def __init__(self, brush: Brush, foot: Point, size: float, mirrored: bool) -> None:
        self._brush, self._foot, self._size = brush, foot, size
        self._sign = -1 if mirrored else 1

    def at(self, x: float, y: float) -> Point:
        """Canvas position of a local point."""
        left, top = self._foot
        return left + self._sign * x * self._size, top + y * self._size * self._brush.aspect

    def shape(self, points: Sequence[Point], colour: Colour) -> None:
        """A filled polygon of local points."""
        self._brush.shape([self.at(*point) for point in points], colour)

    def line(self, points: Sequence[Point], thick: float, colour: Colour) -> None:
        """A line of local points and local thickness."""
        self._brush.line([self.at(*point) for point in points], thick * self._size, colour)

    def disc(self, x: float, y: float, radius: float, colour: Colour) -> None:
        """A circle at a local point."""
        self._brush.disc(self.at(x, y), radius * self._size, colour)

    def egg(self, middle: Point, half: Point, tilt: float, colour: Colour) -> None:
        """An ellipse turned by ``tilt`` radians."""
        turn = [math.tau * step / 36 for step in range(36)]
        flat = [(half[0] * math.cos(t), half[1] * math.sin(t)) for t in turn]
        cos, sin = math.cos(tilt), math.sin(tilt)
        self.shape([(middle[0] + x * cos - y * sin, middle[1] + x * sin + y * cos) for x, y in flat], colour)


def bent(points: Sequence[Point], steps: int = 24) -> list[Point]:
    """A Bezier curve through the control points."""
    curve = []
    for step in range(steps + 1):
        level = list(points)
        t = step / steps
        while len(level) > 1:
            level = [(a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t) for a, b in pairwise(level)]
        curve.append(level[0])
    return curve


def heron(brush: Brush, chance: random.Random, horizon: float) -> None:
    """One heron, large, wading; its neck more or less drawn in."""
    foot = (chance.uniform(0.22, 0.78), chance.uniform(0.86, 0.95))
    one = Stance(brush, foot, chance.uniform(0.24, 0.34), chance.random() < 0.5)
    grey, dark, pale = (128, 142, 158), (52, 58, 74), (232, 234, 232)
    reach, stretch = chance.uniform(0.1, 0.6), chance.uniform(0.0, 0.35)
    for x in (-0.05, 0.1 + 0.1 * reach):
        one.line([(x, -0.55), (x + 0.03, -0.28), (x - 0.02, 0.0)], 0.028, (150, 128, 84))
    one.egg((0.0, -0.72), (0.4, 0.2), -0.35, grey)
    one.egg((-0.12, -0.68), (0.34, 0.13), -0.25, dark)
    neck = bent([(0.26, -0.84), (0.62, -0.9), (0.06, -1.25 - stretch), (0.34 + reach * 0.3, -1.5 - stretch)])
    one.line(neck, 0.1, pale)
    x, y = neck[-1]
    one.disc(x, y, 0.1, pale)
    one.shape([(x + 0.06, y - 0.06), (x + 0.48, y + 0.05), (x + 0.06, y + 0.07)], (222, 168, 60))
    one.line(bent([(x, y - 0.06), (x - 0.2, y - 0.14), (x - 0.42, y + 0.04)]), 0.035, dark)
    one.disc(x + 0.03, y - 0.02, 0.022, (20, 20, 20))


def fox(brush: Brush, chance: random.Random, horizon: float) -> None:
    """One fox, sitting, its brush around it."""
    foot = (chance.uniform(0.28, 0.72), chance.uniform(0.84, 0.95))
    one = Stance(brush, foot, chance.uniform(0.24, 0.36), chance.random() < 0.5)
    red, dark, white = (206, 104, 40), (64, 36, 26), (244, 236, 222)
    tail = bent([(-0.3, -0.12), (-0.9, 0.1), (-1.0, -0.5), (-0.62, -0.7 - chance.uniform(0, 0.3))])
    one.line(tail, 0.2, red)
    one.line(tail[-6:], 0.15, white)
    one.egg((-0.1, -0.36), (0.4, 0.38), 0.1, red)
    one.egg((0.14, -0.5), (0.24, 0.46), 0.15, red)
    one.egg((0.22, -0.46), (0.13, 0.3), 0.1, white)
    for x in (0.08, 0.26):
        one.line([(x, -0.35), (x + 0.02, 0.0)], 0.09, dark)
    nod = chance.uniform(-0.08, 0.08)
    for x in (0.08, 0.36):
        one.shape([(x - 0.09, -1.1 + nod), (x + 0.01, -1.42 + nod), (x + 0.11, -1.12 + nod)], red)
        one.shape([(x - 0.03, -1.18 + nod), (x + 0.01, -1.36 + nod), (x + 0.05, -1.18 + nod)], dark)
    one.shape(
        [(-0.08, -1.16 + nod), (0.5, -1.16 + nod), (0.4, -0.86 + nod), (0.24, -0.72 + nod), (0.04, -0.86 + nod)], red
    )
    one.shape([(-0.02, -0.98 + nod), (0.46, -0.98 + nod), (0.24, -0.72 + nod)], white)
    for x in (0.11, 0.34):
        one.disc(x, -1.02 + nod, 0.035, (20, 20, 20))
    one.disc(0.24, -0.75 + nod, 0.05, (20, 20, 20))


def owl(brush: Brush, chance: random.Random, horizon: float) -> None:
    """One owl on a branch, looking at us."""
    foot = (chance.uniform(0.25, 0.75), chance.uniform(0.66, 0.84))
    one = Stance(brush, foot, chance.uniform(0.22, 0.32), chance.random() < 0.5)
    brown, pale, bark = (122, 92, 62), (226, 208, 174), (74, 54, 40)
    one.line(bent([(-1.6, 0.2), (-0.5, -0.06), (0.5, 0.14), (1.8, -0.2)]), 0.13, bark)
    for x, y in ((-1.1, -0.4), (0.9, -0.35), (1.3, 0.4)):
        one.line([(x * 0.8, 0.04), (x, y)], 0.05, bark)
        one.egg((x, y), (0.16, 0.08), chance.uniform(0, 3), (112, 138, 62))
    one.egg((0, -0.5), (0.36, 0.56), 0, brown)
    one.egg((0.03, -0.42), (0.23, 0.42), 0, pale)
    for row in range(4):
        for column in range(-2, 3):
            one.egg((0.03 + column * 0.08, -0.6 + row * 0.15), (0.025, 0.05), 0, brown)
    one.egg((0, -1.05), (0.36, 0.3), 0, brown)
    for x in (-0.15, 0.15):
        one.shape([(x * 1.5 - 0.06, -1.26), (x * 2.2, -1.5), (x * 1.5 + 0.08, -1.24)], brown)
        one.disc(x, -1.06, 0.15, pale)
        one.disc(x, -1.06, 0.09, (232, 170, 40))
        one.disc(x + 0.01, -1.06, 0.05, (16, 16, 16))
    one.shape([(-0.05, -0.98), (0.05, -0.98), (0, -0.84)], (60, 52, 40))
    for side in (-1, 1):
        one.egg((side * 0.33, -0.46), (0.12, 0.44), side * 0.16, (92, 66, 44))


def boats(brush: Brush, chance: random.Random, horizon: float) -> None:
    """Two or three sailing boats with their reflections, the nearest largest."""
    for nearness in sorted(chance.uniform(0.25, 1) for _ in range(chance.randint(2, 3))):
        foot = (chance.uniform(0.15, 0.85), horizon + 0.1 + (0.84 - horizon) * nearness * 0.8)
        one = Stance(brush, foot, 0.1 + 0.2 * nearness, chance.random() < 0.5)
        hull = chance.choice([(150, 52, 46), (40, 74, 112), (236, 232, 220), (58, 92, 66)])
        sail = chance.choice([(246, 240, 226), (206, 96, 60), (232, 196, 108), (226, 232, 238)])
        tall = chance.uniform(1.0, 1.7)
        dim: Colour = (hull[0] * 2 // 3, hull[1] * 2 // 3, hull[2] * 2 // 3)
        for ripple in range(7):
            y = 0.12 + ripple * 0.07
            one.egg((chance.uniform(-0.1, 0.1), y), (0.5 - ripple * 0.05, 0.022), 0, dim if ripple % 2 else sail)
        one.line([(0.04, 0.0), (0.04, -tall)], 0.035, (84, 62, 44))
        one.shape([(0.07, -0.14), (0.07, -tall), (0.62, -0.2)], sail)
        one.shape([(0.0, -0.16), (0.0, -tall * 0.86), (-0.42, -0.18)], sail)
        one.shape([(-0.6, -0.14), (0.7, -0.14), (0.48, 0.12), (-0.46, 0.12)], hull)
        one.line([(-0.6, -0.13), (0.7, -0.13)], 0.03, (250, 246, 236))


def geese(brush: Brush, chance: random.Random, horizon: float) -> None:
    """A skein of geese overhead and some on the water."""
    lead, side = (chance.uniform(0.2, 0.8), chance.uniform(0.08, 0.2)), chance.choice([-1, 1])
    for place in range(chance.randint(6, 11)):
        arm = 1 if place % 2 else -0.7
        x, y = lead[0] + arm * side * 0.05 * place, lead[1] + 0.022 * place
        one = Stance(brush, (x, y), 0.06, False)
        one.line(bent([(-0.7, -0.2), (-0.3, -0.5), (0, 0), (0.3, -0.5), (0.7, -0.25)], 10), 0.1, (50, 48, 56))
    for _ in range(chance.randint(2, 4)):
        foot = (chance.uniform(0.1, 0.9), chance.uniform(min(horizon + 0.14, 0.8), 0.92))
        one = Stance(brush, foot, chance.uniform(0.12, 0.22), chance.random() < 0.5)
        one.egg((0, 0.1), (0.55, 0.05), 0, (240, 244, 246))
        one.egg((0, -0.1), (0.46, 0.2), -0.1, chance.choice([(122, 104, 86), (236, 234, 228), (92, 92, 98)]))
        one.line(bent([(0.32, -0.12), (0.6, -0.4), (0.3, -0.6), (0.44, -0.72)]), 0.12, (44, 40, 42))
        one.disc(0.45, -0.72, 0.09, (44, 40, 42))
        one.shape([(0.5, -0.77), (0.68, -0.7), (0.5, -0.66)], (224, 142, 48))


def lighthouse(brush: Brush, chance: random.Random, horizon: float) -> None:
    """A lighthouse on its rock, with a keeper's hut."""
    foot = (chance.uniform(0.2, 0.8), chance.uniform(max(0.6, horizon + 0.08), 0.86))
    one = Stance(brush, foot, chance.uniform(0.26, 0.4), chance.random() < 0.5)
    band, tall = chance.choice([(186, 44, 40), (36, 64, 110), (30, 34, 40)]), chance.uniform(1.0, 1.5)
    rock = [(-0.9, 0.3), (-0.6, 0.02), (-0.2, -0.08), (0.4, -0.06), (0.8, 0.06), (1.1, 0.3)]
    one.shape(rock, (96, 88, 84))
    for stone in range(14):
        one.egg((chance.uniform(-0.7, 0.9), 0.12 + chance.uniform(0, 0.14)), (0.1, 0.05), stone, (124, 116, 108))
    one.shape([(0.3, -0.06), (0.3, -0.34), (0.5, -0.5), (0.72, -0.34), (0.72, 0.0)], (234, 226, 210))
    one.shape([(0.25, -0.34), (0.51, -0.56), (0.77, -0.34)], (150, 62, 48))
    for stripe in range(5):
        low, high = -tall * stripe / 5, -tall * (stripe + 1) / 5
        wide, narrow = 0.2 - 0.016 * stripe, 0.2 - 0.016 * (stripe + 1)
        corners = [(-wide, low), (wide, low), (narrow, high), (-narrow, high)]
        one.shape(corners, band if stripe % 2 else (244, 240, 232))
    one.shape([(-0.17, -tall), (0.17, -tall), (0.17, -tall - 0.05), (-0.17, -tall - 0.05)], (40, 40, 44))
    one.shape(
        [(-0.09, -tall - 0.05), (0.09, -tall - 0.05), (0.09, -tall - 0.22), (-0.09, -tall - 0.22)], (255, 232, 150)
    )
    one.shape([(-0.14, -tall - 0.22), (0.14, -tall - 0.22), (0, -tall - 0.38)], band)


SUBJECTS: dict[str, Callable[[Brush, random.Random, float], None]] = {
    "heron": heron,
    "fox": fox,
    "owl": owl,
    "boats": boats,
    "geese": geese,
    "lighthouse": lighthouse,
}
"""Each draws its subject; ``horizon`` is the height (0-1 from above) where land or water begins."""
