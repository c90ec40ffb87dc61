"""Which file names can tie a file to a series: letters and a number that no device and no program gives by itself."""

import pytest

from trackway.match.contents import distinctive

SERIES = {
    "marshheron_014.jpg": "marshheron",
    "marsh heron 07.jpg": "marshheron",
    "Marsh-Heron (7).PNG": "marshheron",
    "marshheron[12]": "marshheron",
    "owl 3.jpg": "owl",
    "снегирь 5.jpg": "снегирь",
}
DEFAULTS = """
IMG_0010.jpg IMG_20240501_120000.jpg IMG-20240501-WA0012.jpg VID-20240501-WA0001.mp4 DSC00012.JPG P1010001.JPG
KES_0388.JPG kes_0388.jpg YDXJ0001.jpg DJI_0001.JPG MVIMG_20200101_1.jpg PXL_20240101_101010.jpg received_123.jpeg
photo_2024-05-01_10-00-00.jpg FB_IMG_15.jpg a1.jpg 0001.jpg
""".split()


@pytest.mark.parametrize(("name", "pattern"), SERIES.items())
def test_letters_and_a_number_are_a_pattern(name: str, pattern: str) -> None:
    assert distinctive(name) == pattern


@pytest.mark.parametrize("name", [*DEFAULTS, "image (2).jpg", "Screenshot 12.png", "no number.jpg"])
def test_what_devices_and_programs_name_ties_nothing(name: str) -> None:
    assert distinctive(name) is None
