"""The reference's own pictures, photographs with their EXIF, and malformed files."""

import warnings
from pathlib import Path

import pytest
from drawn_media import from_file, shared
from PIL import Image

from trackway.measure import media, pdq

BRIDGE = {path.name: path for path in shared("pdq/bridge-mods")}
FORMS = shared("pdq/reg-test-input/dih")
MODES = shared("pdq/misc-images/modes")
HOSTILE = shared("hostile")
EXIF = shared("exif")


def hashes(path: Path) -> pdq.Hashes:
    with Image.open(path) as image:
        return pdq.hash_image(image)


def test_the_references_own_vector() -> None:
    found = hashes(BRIDGE["aaa-orig.jpg"])

    assert found.pdq == "f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22"
    assert found.quality == 100


def test_one_photograph_under_edits_stays_near() -> None:
    original = hashes(BRIDGE["aaa-orig.jpg"]).pdq

    assert {name: pdq.distance(original, hashes(path).pdq) for name, path in BRIDGE.items()} == {
        "aaa-orig.jpg": 0,
        "blur-a-little.jpg": 2,
        "blur-a-lot.jpg": 4,
        "high-contrast.jpg": 6,
        "high-saturation.jpg": 2,
        "sharpen-a-little.jpg": 4,
        "sharpen-a-lot.jpg": 12,
        "shrink-a-little.jpg": 2,
        "shrink-a-lot.jpg": 16,
        "square-128x128.jpg": 10,
        "square-256x256.jpg": 12,
        "square-512x512.jpg": 8,
    }


def test_the_eight_forms_of_one_photograph_meet_the_files_turned_by_hand() -> None:
    found = [hashes(path).pdq for path in FORMS]
    forms = hashes(FORMS[0]).forms
    apart = [[pdq.distance(form, one) for form in forms] for one in found]

    assert [row[place] for place, row in enumerate(apart)] == [0, 2, 8, 8, 8, 2, 0, 8]
    assert min(value for place, row in enumerate(apart) for other, value in enumerate(row) if other != place) == 102


def test_all_eight_files_meet_each_other() -> None:
    found = [hashes(path) for path in FORMS]

    assert max(min(pdq.distance(form, other.pdq) for form in one.forms) for one in found for other in found) <= 16


def test_colour_modes_move_at_most_two_bits() -> None:
    original = next(path for path in MODES if path.name == "original.jpg")
    plain = hashes(original).pdq

    assert {path.name: pdq.distance(plain, hashes(path).pdq) for path in MODES if path != original} == {
        "1.png": 2,
        "CMYK.jpg": 2,
        "F.webp": 2,
        "HSV.webp": 2,
        "I.webp": 0,
        "L.png": 0,
        "LA.png": 0,
        "LAB.webp": 0,
        "P.png": 2,
        "PA.webp": 2,
        "RGB.jpg": 0,
        "YCbCr.jpg": 2,
    }


def as_pillow_reads(path: Path) -> tuple[int, int] | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with Image.open(path) as image:
                image.load()
                return image.size
        except Exception:
            return None


@pytest.mark.parametrize("path", HOSTILE, ids=lambda path: path.name)
def test_a_malformed_file_is_read_as_pillow_reads_it_or_refused_with_a_reason(path: Path) -> None:
    expected = as_pillow_reads(path)
    source = from_file(path)
    if media.recognise(source) is None:
        assert expected is None
        return
    found = media.examine(source)

    assert found.fields["decoded"] is (expected is not None)
    assert (found.reason == "") is (expected is not None)
    if expected is not None:
        assert (found.fields["width"], found.fields["height"]) == expected


@pytest.mark.parametrize("path", EXIF, ids=lambda path: path.name)
def test_photographs_with_sound_or_damaged_exif_are_all_read(path: Path) -> None:
    found = media.examine(from_file(path))

    assert (found.fields["decoded"], found.reason) == (True, "")
    assert {one.method for one in found.measurements} == {"pdq", "exif", "first-generation"}
    for place in filter(None, [found.fields.get("gps")]):
        assert -90 <= place["lat"] <= 90
        assert -180 <= place["lon"] <= 180


@pytest.mark.parametrize(
    ("name", "lat", "lon"),
    [("DSCN0010.jpg", 43.467448, 11.885127), ("IMG_5195.HEIC", 39.051344, -94.288772)],
)
def test_known_places(name: str, lat: float, lon: float) -> None:
    found = media.examine(from_file(next(path for path in EXIF if path.name == name)))

    assert (found.fields["gps"]["lat"], found.fields["gps"]["lon"]) == pytest.approx((lat, lon), abs=1e-5)
