"""Wildlife and landscape pictures drawn by code: pleasant, varied and rich enough for perceptual hashes.

A picture is a ``Scene`` (what it shows, and a seed); the same scene is the same picture at any size. Nothing here is a
photograph, and nothing but animals, water, hills, boats and lights is drawn.
"""

import math
import random
from functools import cache
from typing import Literal

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from trackway.demo.subjects import SUBJECTS, Brush, Colour, Point

Subject = Literal["heron", "fox", "owl", "boats", "geese", "lighthouse"]
Pixels = NDArray[np.float32]

PALETTES: dict[str, tuple[Colour, Colour, Colour, Colour, Colour]] = {
    # sky above, sky at the horizon, far hills, ground, water
    "dawn": ((92, 120, 176), (248, 196, 160), (128, 120, 158), (92, 104, 70), (166, 150, 168)),
    "noon": ((62, 128, 206), (196, 224, 242), (110, 146, 140), (96, 148, 72), (84, 146, 186)),
    "dusk": ((44, 40, 92), (236, 128, 84), (78, 62, 104), (52, 58, 52), (124, 88, 112)),
    "autumn": ((120, 152, 184), (236, 222, 190), (150, 116, 92), (166, 118, 58), (122, 136, 138)),
    "winter": ((138, 156, 180), (230, 234, 240), (150, 162, 180), (214, 220, 226), (150, 174, 192)),
    "summer": ((40, 108, 188), (222, 236, 226), (84, 124, 96), (142, 162, 64), (58, 122, 150)),
}


AFLOAT: frozenset[Subject] = frozenset({"heron", "boats", "geese", "lighthouse"})
"""Subjects that stand before water; the others stand in a meadow."""


class Scene(Struct, frozen=True):
    """What a picture shows. ``seed`` decides palette, weather, lie of the land and stance."""

    subject: Subject
    seed: int


WORKING_WIDTH = 820
"""Pictures are drawn at most this wide and scaled up to a camera's size: shapes need no more, and it is fast."""


def draw(scene: Scene, width: int, height: int, sensor: int = 0) -> Image.Image:
    """The scene as an RGB picture of ``width`` x ``height`` pixels, the same bytes every time.

    Pictures with the same ``sensor`` share its noise, as those of one camera do; 0 gives each a noise of its own."""
    chance = random.Random(f"{scene.subject}:{scene.seed}")
    palette = PALETTES[chance.choice(sorted(PALETTES))]
    horizon = chance.uniform(0.34, 0.62)
    drawn = min(width, WORKING_WIDTH)
    canvas = _sky(chance, palette, drawn, round(drawn * height / width), horizon)
    brush = Brush(ImageDraw.Draw(canvas), *canvas.size)
    _sun(brush, chance, horizon)
    _ridges(brush, chance, palette, horizon)
    _ground(brush, chance, palette, horizon, water=scene.subject in AFLOAT)
    _trees(brush, chance, palette, horizon)
    SUBJECTS[scene.subject](brush, chance, horizon)
    _stems(brush, chance, palette)
    lit = _light(canvas.filter(ImageFilter.GaussianBlur(0.5)), chance)
    shift = sensor * 211 if sensor else chance.randrange(width * height)
    grain = ImageChops.offset(_grain(width, height), shift % width, shift // 7 % height)
    return ImageChops.add(lit.resize((width, height), Image.Resampling.BICUBIC), grain, 1, -128)


def _mix(first: Colour, second: Colour, share: float) -> Colour:
    """``first`` with ``share`` (0-1) of ``second`` in it."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return red, green, blue


@cache
def _grain(width: int, height: int) -> Image.Image:
    """Sensor noise around 128, one tile a size, shifted for each sensor; standard deviation 1.6."""
    noise = np.random.RandomState(7).standard_normal((height, width, 3)) * 1.6 + 128
    return Image.fromarray(noise.round().astype(np.uint8))


def _clouds(chance: random.Random, width: int, height: int, cells: tuple[int, ...]) -> Pixels:
    """Smooth noise in -1..1, shape (height, width): octaves of ``cells`` columns, each half as strong as the last."""
    total = np.zeros((height, width), np.float32)
    weight = 1.0
    for columns in cells:
        rows = max(2, round(columns * 0.75))
        state = np.random.RandomState(chance.getrandbits(32))
        octave = Image.fromarray(state.uniform(-1, 1, (rows, columns)).astype(np.float32))
        total += weight * np.asarray(octave.resize((width, height), Image.Resampling.BILINEAR))
        weight *= 0.5
    return np.clip(total, -1, 1)


def _sky(chance: random.Random, palette: tuple[Colour, ...], width: int, height: int, horizon: float) -> Image.Image:
    """Sky from above to the horizon, with clouds; what lies below is painted over."""
    rows, columns = height // 4, width // 4
    share = np.clip(np.linspace(0, 1 / horizon, rows, dtype=np.float32), 0, 1)[:, None, None]
    sky = np.array(palette[0], np.float32) * (1 - share) + np.array(palette[1], np.float32) * share
    cover = np.clip(_clouds(chance, columns, rows, (4, 9, 19)) * 1.7 + chance.uniform(-0.5, 0.3), 0, 1)[:, :, None]
    cloud = np.array(_mix((255, 255, 255), palette[1], 0.25), np.float32)
    pixels = (sky + (cloud - sky) * (cover * 0.8)).astype(np.uint8)
    return Image.fromarray(pixels).resize((width, height), Image.Resampling.BILINEAR)


def _sun(brush: Brush, chance: random.Random, horizon: float) -> None:
    """A low sun or moon with two rings of glow."""
    middle = (chance.uniform(0.1, 0.9), horizon * chance.uniform(0.2, 0.85))
    radius = chance.uniform(0.025, 0.06)
    for ring, colour in ((1.5, (250, 226, 180)), (1.2, (252, 238, 206)), (1.0, (255, 250, 232))):
        brush.disc(middle, radius * ring, colour)


def _ridges(brush: Brush, chance: random.Random, palette: tuple[Colour, ...], horizon: float) -> None:
    """Two to four lines of hills, the nearer the darker."""
    count = chance.randint(2, 4)
    for layer in range(count):
        near = (layer + 1) / count
        lift = (0.2 - 0.14 * near) * chance.uniform(0.7, 1.5)
        waves = [(chance.uniform(1.5, 11), chance.uniform(0, 6.3), chance.uniform(0.2, 1)) for _ in range(5)]
        steps = [step / 60 for step in range(61)]
        top = [horizon - lift * (0.6 + sum(a * math.sin(f * x + p) for f, p, a in waves) / 4) for x in steps]
        edge: list[Point] = [*zip(steps, top, strict=True), (1.0, horizon + 0.02), (0.0, horizon + 0.02)]
        brush.shape(edge, _mix(palette[1], _mix(palette[2], palette[3], near * 0.5), 0.45 + 0.55 * near))


def _ground(brush: Brush, chance: random.Random, palette: tuple[Colour, ...], horizon: float, water: bool) -> None:
    """Meadow or water from the horizon down, with patches or ripples."""
    base = palette[4] if water else palette[3]
    bands = 24
    for band in range(bands):
        depth = band / bands
        brush.box(horizon + (1 - horizon) * depth, 1.0, _mix(_mix(base, palette[1], 0.35), base, min(1, depth * 1.6)))
    for _ in range(240 if water else 160):
        y = horizon + (1 - horizon) * chance.random() ** 1.3
        reach = 0.015 + 0.16 * (y - horizon)
        shade = chance.choice([(255, 255, 255), palette[1], palette[2], (20, 30, 40)])
        half = (reach * chance.uniform(0.4, 1.6), reach * (0.06 if water else 0.22))
        brush.oval((chance.random(), y), half, _mix(base, shade, chance.uniform(0.12, 0.4)))


def _trees(brush: Brush, chance: random.Random, palette: tuple[Colour, ...], horizon: float) -> None:
    """Firs and round trees along the far bank, in clumps."""
    dark = _mix(palette[3], (18, 34, 28), 0.62)
    for _ in range(chance.randint(2, 4)):
        middle, spread = chance.random(), chance.uniform(0.04, 0.16)
        for _ in range(chance.randint(3, 9)):
            x, tall = chance.gauss(middle, spread), chance.uniform(0.06, 0.2)
            foot = horizon + chance.uniform(0.0, 0.05)
            colour = _mix(dark, palette[2], chance.uniform(0, 0.35))
            if chance.random() < 0.6:
                for part in range(3):
                    top, half = foot - tall + tall * 0.24 * part, tall * (0.14 + 0.07 * part)
                    brush.shape([(x, top), (x + half, top + tall * 0.42), (x - half, top + tall * 0.42)], colour)
            else:
                brush.line([(x, foot), (x, foot - tall * 0.5)], 0.008, _mix(colour, (60, 40, 20), 0.5))
                brush.oval((x, foot - tall * 0.62), (tall * 0.3, tall * 0.4), colour)


def _stems(brush: Brush, chance: random.Random, palette: tuple[Colour, ...]) -> None:
    """Reeds, grass and flowers before everything else, in two or three tufts."""
    bloom = chance.choice([(236, 196, 64), (214, 92, 92), (240, 240, 232), (168, 116, 196)])
    for _ in range(chance.randint(2, 4)):
        middle, spread = chance.random(), chance.uniform(0.05, 0.16)
        reeds = chance.random() < 0.55
        for _ in range(chance.randint(16, 40)):
            x, tall = chance.gauss(middle, spread), chance.uniform(0.08, 0.34 if reeds else 0.2)
            tip = (x + chance.gauss(0.0, 0.03), 1.0 - tall)
            shade = _mix(palette[3], (24, 40, 18), chance.uniform(0.25, 0.8))
            brush.line([(x, 1.02), ((x * 2 + tip[0]) / 3, 1 - tall * 0.5), tip], chance.uniform(0.003, 0.008), shade)
            if reeds and chance.random() < 0.5:
                brush.oval(tip, (0.006, 0.026), (96, 62, 38))
            elif chance.random() < 0.3:
                brush.disc(tip, 0.009, bloom)


def _light(canvas: Image.Image, chance: random.Random) -> Image.Image:
    """Dappled light and a little vignette."""
    brightest = 1.3
    width, height = canvas.width // 8, canvas.height // 8
    x = np.linspace(-1, 1, width, dtype=np.float32)[None, :]
    y = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    light = (1 + 0.24 * _clouds(chance, width, height, (5, 11, 23, 47))) * (1 - 0.09 * (x * x + y * y))
    shade = Image.fromarray((light * (255 / brightest)).clip(0, 255).astype(np.uint8))
    shade = shade.resize(canvas.size, Image.Resampling.BILINEAR)
    shaded = ImageChops.multiply(canvas, Image.merge("RGB", (shade, shade, shade)))
    return shaded.point([min(255, round(level * brightest)) for level in range(256)] * 3)
