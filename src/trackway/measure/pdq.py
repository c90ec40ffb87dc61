"""PDQ, the perceptual hash of ThreatExchange (256 bits), through its reference library; distances; exhaustive search.

Pictures are hashed at full size, as stored: EXIF orientation is not applied (the eight forms cover it). They become RGB
as the reference's own tool makes them: Pillow's conversion, transparency dropped, not composited. Greys deeper than 8
bits, which the reference does not take, are scaled to 8. Source: Meta, "The TMK+PDQF Video-Hashing Algorithm and the
PDQ Image-Hashing Algorithm" (hashing.pdf), and its C++ code."""

from collections.abc import Sequence
from functools import cache

import numpy as np
import pdqhash
from msgspec import Struct
from numpy.typing import NDArray
from PIL import Image

FORMS = ("original", "turn 90", "turn 180", "turn 270", "flip x", "flip y", "flip plus 1", "flip minus 1")
"""Order of the eight forms: the reference library's ``compute_dihedral``. Turns are anticlockwise; flip x mirrors
top to bottom, flip y left to right, plus and minus 1 along the diagonals."""

USABLE_QUALITY = 50
"""The reference advises to discard hashes below: pictures with too little structure meet at random."""

REFERENCE_PIXELS = 8_000_000
"""Above, the reference (some 31 bytes a pixel) would crowd the worker: the same filter is reckoned in strips."""

_SIDE = 64
_STRIP_PIXELS = 1 << 20
_SMALLEST = 5


class Hashes(Struct, frozen=True):
    """PDQ of a picture: 64 hex digits, quality 0-100, and the eight forms in the order of FORMS (the first equals
    ``pdq``)."""

    pdq: str
    quality: int
    forms: tuple[str, ...]


def hash_image(image: Image.Image) -> Hashes:
    """PDQ of a decoded picture of any mode. A side below 5 pixels gives the all-zero hash of quality 0, as in the
    reference. MemoryError where it does not fit."""
    if min(image.size) < _SMALLEST:
        return Hashes("0" * 64, 0, ("0" * 64,) * 8)
    image = _eight_bits(image)
    if image.width * image.height > REFERENCE_PIXELS:
        return _in_strips(image)
    vectors, quality = pdqhash.compute_dihedral(np.asarray(image.convert("RGB")))
    forms = tuple(np.packbits(vector.astype(np.uint8)).tobytes().hex() for vector in vectors)
    return Hashes(forms[0], int(quality), forms)


def _eight_bits(image: Image.Image) -> Image.Image:
    """16-bit greys to their upper 8 bits; 32-bit integers and floats beyond 0-255 stretched over their own range. Other
    modes unchanged. (Pillow would clip all of these to white.)"""
    if image.mode.startswith("I;16"):
        return Image.fromarray((np.asarray(image).astype(np.uint16) >> 8).astype(np.uint8))
    if image.mode not in ("I", "F"):
        return image
    values = np.nan_to_num(np.asarray(image, dtype=np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    low, high = float(values.min()), float(values.max())
    if (low >= 0 and 1 < high <= 255) or low == high:
        return Image.fromarray(np.clip(values, 0, 255).astype(np.uint8))
    return Image.fromarray(((values - low) * np.float32(255 / (high - low))).astype(np.uint8))


def _in_strips(image: Image.Image) -> Hashes:
    """The reference's filter (two box means along each axis, sampled at 64 x 64) as two small weight matrices applied
    strip by strip. Sums are exact to double precision, where the reference rounds to single: a bit may differ."""
    columns, rows = _weights(image.width), _weights(image.height)
    small = np.zeros((_SIDE, _SIDE))
    step = max(1, _STRIP_PIXELS // image.width)
    for top in range(0, image.height, step):
        strip = image.crop((0, top, image.width, min(top + step, image.height))).convert("RGB")
        red, green, blue = np.moveaxis(np.asarray(strip, dtype=np.float32), 2, 0)
        luma = red * np.float32(0.299) + green * np.float32(0.587) + blue * np.float32(0.114)
        parts = [np.einsum("ij,j->i", luma[:, low : low + len(w)], w) for low, w in columns]
        narrow = np.stack(parts, axis=1)
        for row, (low, weight) in enumerate(rows):
            first, last = max(low, top), min(low + len(weight), top + len(luma))
            if first < last:
                small[row] += np.einsum("i,ij->j", weight[first - low : last - low], narrow[first - top : last - top])
    return _from_64x64(small)


def _weights(size: int) -> list[tuple[int, NDArray[np.float64]]]:
    """For each of 64 samples along an axis of ``size`` pixels: the first pixel that counts, and the weights from it."""
    window = (size + 2 * _SIDE - 1) // (2 * _SIDE)
    half = (window + 2) // 2

    def box(at: int) -> tuple[int, int]:
        return max(0, at - window + half), min(size, at + half)

    found = []
    for sample in range(_SIDE):
        low, high = box(int((sample + 0.5) * size / _SIDE))
        start, end = box(low)[0], box(high - 1)[1]
        weight = np.zeros(end - start)
        for middle in range(low, high):
            first, last = box(middle)
            weight[first - start : last - start] += 1 / ((high - low) * (last - first))
        found.append((start, weight))
    return found


@cache
def _cosines() -> NDArray[np.float64]:
    """16 x 64: rows 1-16 of the cosine transform of length 64."""
    frequency, place = np.arange(1, 17)[:, None], np.arange(_SIDE)[None, :]
    cosines: NDArray[np.float64] = np.cos(np.pi / (2 * _SIDE) * frequency * (2 * place + 1))
    return cosines * float(np.sqrt(2 / _SIDE))


def _from_64x64(small: NDArray[np.float64]) -> Hashes:
    cosines = _cosines()
    # einsum, not @: matrix products may start BLAS threads, which a locked worker must not.
    waves = np.einsum("ij,kj->ik", np.einsum("ij,jk->ik", cosines, small), cosines)
    odd = np.where(np.arange(16) % 2 == 0, -1.0, 1.0)
    across, down = waves * odd[None, :], waves * odd[:, None]
    both = down * odd[None, :]
    forms = tuple(_bits(form) for form in (waves, across.T, both, down.T, down, across, waves.T, both.T))
    return Hashes(forms[0], _quality(small), forms)


def _bits(waves: NDArray[np.float64]) -> str:
    median = np.sort(waves, axis=None)[127]
    return np.packbits((waves.ravel() > median)[::-1]).tobytes().hex()


def _quality(small: NDArray[np.float64]) -> int:
    steps = sum(float(np.abs(np.trunc(np.diff(small, axis=axis) * 100 / 255)).sum()) for axis in (0, 1))
    return min(100, int(steps / 90))


def usable(quality: int) -> bool:
    """Whether a hash of this quality may be matched by distance (exact digests always may)."""
    return quality >= USABLE_QUALITY


def featureless(pdq: str) -> bool:
    """Whether a hash without a known quality (from a list) is one that flat pictures give. Half of the bits of a true
    hash are set, by construction: below 64 or above 192 of 256 it comes of ties, as flat areas make."""
    return not 64 <= int(pdq, 16).bit_count() <= 192


def distance(one: str, other: str) -> int:
    """Bits in which two hashes (64 hex digits) differ, 0-256. ValueError if one is not hexadecimal."""
    return (int(one, 16) ^ int(other, 16)).bit_count()


def as_words(hashes: Sequence[str]) -> NDArray[np.uint64]:
    """Hashes (64 hex digits each) as an array (n, 4) of words. ValueError for anything else."""
    if any(len(entry) != 64 for entry in hashes):
        raise ValueError("a PDQ hash has 64 hexadecimal digits")
    raw = np.frombuffer(bytes.fromhex("".join(hashes)), dtype=">u8").reshape(-1, 4)
    return raw.astype(np.uint64)


if hasattr(np, "bitwise_count"):

    def _ones(words: NDArray[np.uint64]) -> NDArray[np.uint16]:
        return np.asarray(np.bitwise_count(words), dtype=np.uint16)

else:
    _TABLE = np.array([value.bit_count() for value in range(1 << 16)], dtype=np.uint16)

    def _ones(words: NDArray[np.uint64]) -> NDArray[np.uint16]:
        ones = _TABLE[np.ascontiguousarray(words).view(np.uint16)].reshape(*words.shape, 4)
        return np.asarray(ones.sum(axis=-1), dtype=np.uint16)


def distances(one: NDArray[np.uint64], other: NDArray[np.uint64]) -> NDArray[np.uint16]:
    """All distances between two arrays of words: (n, 4) and (m, 4) give (n, m)."""
    total = np.zeros((len(one), len(other)), dtype=np.uint16)
    for word in range(4):
        total += _ones(one[:, word, None] ^ other[None, :, word])
    return total


Pairs = tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.uint16]]


def within(queries: NDArray[np.uint64], corpus: NDArray[np.uint64], radius: int, block: int = 1 << 21) -> Pairs:
    """All pairs at most ``radius`` bits apart, by comparing all with all: (query indices, corpus indices, distances),
    ordered by query, then corpus. ``block`` pairs are held at a time (some 12 bytes each)."""
    across = min(len(corpus), block) or 1
    down = max(1, block // across)
    found: list[Pairs] = []
    for top in range(0, len(queries), down):
        for left in range(0, len(corpus), across):
            apart = distances(queries[top : top + down], corpus[left : left + across])
            rows, columns = np.nonzero(apart <= radius)
            found.append((rows + top, columns + left, apart[rows, columns]))
    if not found:
        empty = np.zeros(0, dtype=np.intp)
        return empty, empty, np.zeros(0, dtype=np.uint16)
    q, c, d = (np.concatenate(part) for part in zip(*found, strict=True))
    order = np.lexsort((c, q))
    return q[order], c[order], d[order]


def warm_up() -> None:
    """Hash one drawn picture on both routes, so that a worker needs no further library."""
    drawn = Image.linear_gradient("L")
    hash_image(drawn)
    _in_strips(drawn)
