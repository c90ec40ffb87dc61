from io import BytesIO

import pytest
from drawn_media import custom_tables, drawn, saved
from PIL import Image

from trackway.measure.quantisation import standard_quality


def tables_of(**options: object) -> dict[int, list[int]]:
    image = Image.open(BytesIO(saved(drawn(64, 48), "JPEG", **options)))
    return {number: list(table) for number, table in image.quantization.items()}


@pytest.mark.parametrize("quality", [1, 10, 25, 50, 61, 75, 80, 85, 90, 92, 95, 99])
def test_libjpegs_own_tables_are_recognised_at_every_quality(quality: int) -> None:
    assert standard_quality(tables_of(quality=quality)) == quality


def test_a_grey_picture_has_one_table_and_is_recognised() -> None:
    image = Image.open(BytesIO(saved(drawn(64, 48, "L"), "JPEG", quality=70)))

    assert standard_quality(image.quantization) == 70


def test_tables_of_a_cameras_own_are_not_standard() -> None:
    assert standard_quality(tables_of(qtables=custom_tables())) is None


def test_one_value_apart_is_not_standard() -> None:
    tables = tables_of(quality=80)
    tables[0][63] += 1

    assert standard_quality(tables) is None


def test_luminance_and_chrominance_of_different_qualities_are_not_standard() -> None:
    assert standard_quality({0: tables_of(quality=80)[0], 1: tables_of(quality=90)[1]}) is None


@pytest.mark.parametrize("tables", [{}, {0: []}, {0: [16] * 63}])
def test_what_is_no_table_is_not_standard(tables: dict[int, list[int]]) -> None:
    assert standard_quality(tables) is None
