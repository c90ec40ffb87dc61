import tracemalloc
import zlib
from io import BytesIO

import numpy as np
import pytest
from drawn_media import Given, camera_exif, drawn, saved
from PIL import Image

from trackway.measure import media, pdq, picture
from trackway.measure.formats import readable_formats


def by_method(content: bytes, name: str = "file") -> dict[str, dict[str, object]]:
    return {one.method: one.value for one in media.measure(Given(content, name))}


def test_a_picture_has_three_measurements_and_all_are_json() -> None:
    found = by_method(saved(drawn(), "JPEG", exif=camera_exif()))

    assert set(found) == {"pdq", "exif", "first-generation"}
    assert found["pdq"]["pdq"] == found["pdq"]["forms"][0]  # type: ignore[index]
    assert len(found["pdq"]["forms"]) == 8  # type: ignore[arg-type]
    assert found["exif"]["make"] == "Larch"


def test_the_hash_is_that_of_the_stored_pixels_whatever_the_orientation() -> None:
    plain, turned = (by_method(saved(drawn(), "JPEG", exif=camera_exif(Orientation=turn)))["pdq"] for turn in (1, 6))

    assert plain == turned


def test_transparency_is_dropped_as_the_reference_drops_it() -> None:
    seen = drawn(mode="RGBA")
    hidden = seen.copy()
    hidden.putalpha(7)

    assert by_method(saved(seen, "PNG"))["pdq"] == by_method(saved(hidden, "PNG"))["pdq"]


@pytest.mark.parametrize("content", [b"\0\0\0\x18ftypisom" + bytes(60), b"ID3\x03" + bytes(60), b"words " * 30])
def test_videos_sounds_and_other_files_have_no_measurement(content: bytes) -> None:
    assert media.measure(Given(content)) == []


def test_reader_and_measure_share_one_decode() -> None:
    source = Given(saved(drawn(), "PNG"))
    media.examine(source)
    opened = source.opened
    media.measure(source)

    assert source.opened == opened
    assert media.examine(Given(source.content)).fields == media.examine(source).fields


def chunk(kind: bytes, body: bytes) -> bytes:
    return len(body).to_bytes(4, "big") + kind + body + zlib.crc32(kind + body).to_bytes(4, "big")


def bomb(width: int, height: int) -> bytes:
    """A sound PNG of a few hundred bytes with very many black pixels."""
    header = width.to_bytes(4, "big") + height.to_bytes(4, "big") + b"\x01\0\0\0\0"
    rows = zlib.compress(bytes(((width + 7) // 8 + 1) * min(height, 100)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def test_a_bomb_is_refused_by_a_sentence_with_its_pixels() -> None:
    found = media.examine(Given(bomb(20000, 20000)))

    assert found.reason == "it claims 400000000 pixels, more than the limit of 178956970"
    assert found.fields["decoded"] is False


def test_control_without_the_limit_the_bomb_would_be_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 40)
    assert "more than the limit" in media.examine(Given(bomb(12, 10))).reason
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)
    assert media.examine(Given(bomb(12, 10))).fields["decoded"] is True


def test_memory_that_runs_out_costs_the_picture_only(monkeypatch: pytest.MonkeyPatch) -> None:
    def none_left(image: Image.Image) -> pdq.Hashes:
        raise MemoryError

    monkeypatch.setattr(pdq, "hash_image", none_left)
    found = media.examine(Given(saved(drawn(), "PNG")))

    assert "memory" in found.reason
    assert (found.fields["decoded"], found.fields["width"]) == (False, 320)


def test_a_huge_jpeg_is_decoded_smaller_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    content = saved(drawn(1600, 1200), "JPEG")
    full = by_method(content)["pdq"]
    monkeypatch.setattr(picture, "DRAFT_PIXELS", 500_000)
    found = media.examine(Given(content))
    scaled = found.measurements[0].value

    assert (found.fields["width"], found.fields["height"], scaled["scaled"]) == (1600, 1200, 2)
    assert pdq.distance(str(full["pdq"]), str(scaled["pdq"])) <= 10
    assert "scaled" not in full


def test_large_pictures_are_hashed_in_little_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    image = drawn(2000, 1500)
    peaks = []
    for limit in (pdq.REFERENCE_PIXELS, 0):
        monkeypatch.setattr(pdq, "REFERENCE_PIXELS", limit)
        monkeypatch.setattr(pdq, "_STRIP_PIXELS", 100_000)
        tracemalloc.start()
        pdq.hash_image(image)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()

    assert peaks[1] < 10_000_000 < 60_000_000 < peaks[0]


@pytest.mark.parametrize("count", [1, 2, 7])
@pytest.mark.parametrize("kind", ["GIF", "TIFF", "PNG", "WEBP"])
def test_frames_and_pages_are_counted(kind: str, count: int) -> None:
    rng = np.random.default_rng(5)
    frames = [Image.fromarray(rng.integers(0, 255, (24, 32), dtype=np.uint8)) for _ in range(count)]
    content = saved(frames[0], kind, save_all=True, append_images=frames[1:])

    assert media.examine(Given(content)).fields["frames"] == count
    assert getattr(Image.open(BytesIO(content)), "n_frames", 1) == count


def test_gif_frames_are_counted_up_to_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    frames = [drawn(16, 16).rotate(turn * 10) for turn in range(9)]
    content = saved(frames[0], "GIF", save_all=True, append_images=frames[1:])
    monkeypatch.setattr(picture, "MOST_FRAMES", 4)

    assert media.examine(Given(content)).fields["frames"] == 4


def test_postscript_is_measured_by_its_header_and_never_run(monkeypatch: pytest.MonkeyPatch) -> None:
    import subprocess

    def forbidden(*args: object, **options: object) -> None:
        raise AssertionError("a program was started")

    monkeypatch.setattr(subprocess, "check_call", forbidden)
    monkeypatch.setattr(subprocess, "Popen", forbidden)
    found = media.examine(Given(saved(drawn(), "EPS"), "a.eps"))

    assert (found.fields["width"], found.fields["height"], found.fields["decoded"]) == (320, 240, False)
    assert "is not run" in found.reason


@pytest.mark.parametrize(
    "kind", ["JPEG", "PNG", "GIF", "TIFF", "BMP", "WEBP", "AVIF", "HEIF", "JPEG2000", "PCX", "SGI"]
)
@pytest.mark.parametrize("part", [0.02, 0.3, 0.9])
def test_a_cut_picture_is_never_a_fault(kind: str, part: float) -> None:
    content = saved(drawn(), kind)
    found = media.examine(Given(content[: max(12, int(len(content) * part))], "a.pcx"))

    assert found.fields.get("decoded") is True or found.reason


def test_reasons_hold_no_address_and_no_path() -> None:
    reason = media.examine(Given(b"\xff\xd8\xff" + bytes(40))).reason

    assert reason == "its header is damaged or of an unknown kind"


def test_warm_up_loads_every_decoder() -> None:
    media.warm_up()

    assert {"JPEG", "HEIF", "AVIF", "TIFF", "PSD"} <= set(readable_formats())
    assert {"BUFR", "GRIB", "HDF5"}.isdisjoint(readable_formats())
