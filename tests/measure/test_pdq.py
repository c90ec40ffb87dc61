import numpy as np
import pytest
from drawn_media import drawn
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageOps

from trackway.measure import pdq

HASH = st.binary(min_size=32, max_size=32).map(bytes.hex)
TURNS = (
    ("original", None),
    ("turn 90", Image.Transpose.ROTATE_90),
    ("turn 180", Image.Transpose.ROTATE_180),
    ("turn 270", Image.Transpose.ROTATE_270),
    ("flip x", Image.Transpose.FLIP_TOP_BOTTOM),
    ("flip y", Image.Transpose.FLIP_LEFT_RIGHT),
    ("flip plus 1", Image.Transpose.TRANSPOSE),
    ("flip minus 1", Image.Transpose.TRANSVERSE),
)


@pytest.fixture(autouse=True)
def _small_is_large(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """Tests marked by the parameter ``strips`` hash even small pictures in strips."""
    if "strips" in request.fixturenames and request.getfixturevalue("strips"):
        monkeypatch.setattr(pdq, "REFERENCE_PIXELS", 0)


@pytest.mark.parametrize("strips", [False, True])
def test_a_turned_or_mirrored_picture_is_found_among_the_eight_forms(strips: bool) -> None:
    hashes = pdq.hash_image(drawn())

    for place, (name, turn) in enumerate(TURNS):
        other = pdq.hash_image(drawn() if turn is None else drawn().transpose(turn))
        apart = [pdq.distance(form, other.pdq) for form in hashes.forms]
        assert (pdq.FORMS[place], apart.index(min(apart))) == (name, place)
        assert apart[place] <= 16


def test_control_without_the_forms_a_mirrored_picture_is_lost() -> None:
    mirrored = pdq.hash_image(ImageOps.mirror(drawn()))

    assert pdq.distance(pdq.hash_image(drawn()).pdq, mirrored.pdq) > 31


@pytest.mark.parametrize("size", [(320, 240), (241, 503), (1000, 61), (64, 64), (7, 900)])
def test_hashing_in_strips_gives_what_the_reference_gives(
    size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    reference = pdq.hash_image(drawn(*size))
    monkeypatch.setattr(pdq, "REFERENCE_PIXELS", 0)
    monkeypatch.setattr(pdq, "_STRIP_PIXELS", 5000)
    strips = pdq.hash_image(drawn(*size))

    assert abs(strips.quality - reference.quality) <= 1
    assert all(pdq.distance(*pair) <= 2 for pair in zip(strips.forms, reference.forms, strict=True))


@pytest.mark.parametrize("size", [(1, 1), (4, 300), (300, 4)])
@pytest.mark.parametrize("strips", [False, True])
def test_pictures_with_a_side_below_five_pixels_have_no_hash(size: tuple[int, int], strips: bool) -> None:
    hashes = pdq.hash_image(Image.new("RGB", size))

    assert (hashes.pdq, hashes.quality) == ("0" * 64, 0)
    assert pdq.featureless(hashes.pdq)


@pytest.mark.parametrize("mode", ["L", "LA", "P", "PA", "RGBA", "CMYK", "YCbCr", "LAB", "HSV", "I", "F", "1"])
def test_a_picture_keeps_its_hash_in_every_mode(mode: str) -> None:
    plain = pdq.hash_image(drawn())
    base = drawn(mode="L") if mode in ("I", "F") else drawn()

    # Dithering to black and white is an edit of its own.
    assert pdq.distance(plain.pdq, pdq.hash_image(base.convert(mode)).pdq) <= (31 if mode == "1" else 10)


def test_greys_deeper_than_eight_bits_are_scaled_not_clipped() -> None:
    grey = np.asarray(drawn(mode="L"))
    plain = pdq.hash_image(Image.fromarray(grey))
    deep = Image.fromarray(grey.astype(np.uint16) * 257)

    assert deep.mode == "I;16"
    assert pdq.hash_image(deep) == plain
    assert pdq.distance(pdq.hash_image(Image.fromarray(grey.astype(np.int32) * 100)).pdq, plain.pdq) <= 4
    assert pdq.distance(pdq.hash_image(Image.fromarray(grey.astype(np.float32) / 255)).pdq, plain.pdq) <= 4
    clipped = pdq.pdqhash.compute(np.asarray(deep.convert("RGB")))[1]
    assert clipped < plain.quality


def test_floats_without_a_value_are_hashed_all_the_same() -> None:
    values = np.asarray(drawn(mode="L")).astype(np.float32)
    values[3:9, 3:9] = np.nan
    values[20, 20] = np.inf

    assert pdq.hash_image(Image.fromarray(values)).quality > 0


def test_flat_pictures_are_not_usable() -> None:
    assert not pdq.usable(pdq.hash_image(Image.new("RGB", (300, 300), (90, 120, 30))).quality)
    assert pdq.usable(pdq.hash_image(drawn()).quality)


@pytest.mark.parametrize(
    ("ones", "flat"), [(0, True), (63, True), (64, False), (128, False), (192, False), (193, True), (256, True)]
)
def test_a_listed_hash_is_featureless_where_too_few_or_too_many_bits_are_set(ones: int, flat: bool) -> None:
    assert pdq.featureless(f"{(1 << ones) - 1:064x}") is flat


@given(st.lists(HASH, max_size=12), st.lists(HASH, max_size=12), st.integers(0, 256), st.integers(1, 40))
def test_the_search_finds_every_pair_and_only_those(one: list[str], other: list[str], radius: int, block: int) -> None:
    q, c, d = pdq.within(pdq.as_words(one), pdq.as_words(other), radius, block)

    found = list(zip(q.tolist(), c.tolist(), d.tolist(), strict=True))
    assert found == [
        (i, j, pdq.distance(a, b))
        for i, a in enumerate(one)
        for j, b in enumerate(other)
        if pdq.distance(a, b) <= radius
    ]


@given(HASH)
def test_distances_run_from_none_to_all_bits(one: str) -> None:
    opposite = f"{int(one, 16) ^ ((1 << 256) - 1):064x}"

    assert (pdq.distance(one, one), pdq.distance(one, opposite)) == (0, 256)
    assert pdq.distances(pdq.as_words([one]), pdq.as_words([opposite])).tolist() == [[256]]


@pytest.mark.parametrize("entry", ["", "ab", "0" * 63, "0" * 65, "g" * 64])
def test_what_is_not_a_hash_is_refused(entry: str) -> None:
    with pytest.raises(ValueError, match="hexadecimal"):
        pdq.as_words(["0" * 64, entry])
