"""Which pictures the demo's story has, as bytes: camera originals, small re-encoded ones, and copies made of them."""

import hashlib
import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from msgspec import Struct
from PIL import Image, ImageOps

from trackway.demo.pictures import Scene, Subject, draw

CAMERA_SIZE = (1640, 1232)
SMALL_SIZE = (480, 360)
FAMILY_MAIN, FAMILY_SECOND = 32, 4
VIRAL = 12


class Camera(Struct, frozen=True):
    """An invented camera. ``sensor`` picks its noise, ``coarse`` its own quantisation tables."""

    model: str
    serial: str
    sensor: int
    coarse: float


MARSH = Camera("K20 Marsh", "KO-77120", 1, 0.42)
QUARRY = Camera("K9 Quarry", "KO-55310", 2, 0.5)
HERON = Camera("K20 Marsh", "KO-90017", 3, 0.42)
FAMILY = Camera("K5 Meadow", "KO-20418", 4, 0.55)
SECOND = Camera("K1 Pocket", "KO-20977", 5, 0.7)


class Picture(Struct, frozen=True):
    """One distinct file. ``key`` is its name in the story; ``origin`` the key of the picture that it is a copy of
    (its own key where it was drawn); ``name`` the file name that it goes by."""

    key: str
    origin: str
    name: str
    data: bytes
    camera: Camera | None = None

    @property
    def md5(self) -> str:
        """MD5 of the bytes, lower-case hex."""
        return hashlib.md5(self.data).hexdigest()

    @property
    def sha1(self) -> str:
        """SHA-1 of the bytes, lower-case hex."""
        return hashlib.sha1(self.data).hexdigest()

    @property
    def sha256(self) -> str:
        """SHA-256 of the bytes, lower-case hex."""
        return hashlib.sha256(self.data).hexdigest()


class _Shot(Struct, frozen=True):
    """What is to be drawn. Small ones have a ``camera`` only where EXIF survived; ``taken`` is EXIF wall clock."""

    key: str
    name: str
    scene: Scene
    large: bool = False
    camera: Camera | None = None
    taken: str = ""


def gallery() -> dict[str, Picture]:
    """All pictures of the story by key, in a fixed order."""
    shots = [*_series(), *_others(), *_family()]
    with ThreadPoolExecutor(max_workers=2) as pool:
        pictures = {picture.key: picture for picture in pool.map(_develop, shots)}
    for picture in (*_copies(pictures), *_broken(pictures)):
        pictures[picture.key] = picture
    return pictures


def _series() -> list[_Shot]:
    """The two invented series, and what is new in them."""
    taken = "2021:05:{:02d} 07:1{}:00"
    shots = [
        _Shot(f"heron{n}", f"marshheron_{n:03d}.jpg", Scene("heron", n), False, *_exif_of(n, MARSH, taken))
        for n in range(1, 7)
    ]
    shots += [
        _Shot(f"fox{n}", f"quarryfox_{n:03d}.jpg", Scene("fox", n), False, *_exif_of(n, QUARRY, taken))
        for n in range(1, 6)
    ]
    new_heron, new_fox, old_fox = Scene("heron", 14), Scene("fox", 21), Scene("fox", 88)
    shots.append(_Shot("heron-new", "marshheron_014.jpg", new_heron, True, MARSH, "2026:02:25 16:12:09"))
    shots.append(_Shot("fox-new", "quarryfox_021.jpg", new_fox))
    shots.append(_Shot("fox-camera-old", "KES_0388.jpg", old_fox, True, QUARRY, "2023:06:11 10:40:31"))
    return shots


def _exif_of(number: int, camera: Camera, taken: str) -> tuple[Camera | None, str]:
    """The first two files of a series kept their EXIF, the others lost it on the way."""
    return (camera, taken.format(number, number)) if number <= 2 else (None, "")


def _others() -> list[_Shot]:
    """The viral collection and the single pictures of the story."""
    subjects: tuple[Subject, ...] = ("geese", "boats", "lighthouse")
    shots = [
        _Shot(f"viral{n}", f"harbour_{n:02d}.jpg", Scene(subjects[n % 3], 100 + n), False) for n in range(1, VIRAL + 1)
    ]
    shots.append(_Shot("shared-new", "KES_2290.jpg", Scene("owl", 40), True, HERON, "2026:02:26 06:51:44"))
    shots.append(_Shot("reported-new", "reedbed.jpg", Scene("geese", 41)))
    shots.append(_Shot("disputed", "tide_01.jpg", Scene("boats", 42)))
    shots.append(_Shot("walk", "photo_1@14-02-2026_15-20-00.jpg", Scene("lighthouse", 43)))
    return shots


def _family() -> list[_Shot]:
    """The benign exhibit: two cameras of one family, on no list, tied to nothing."""
    subjects: tuple[Subject, ...] = ("boats", "lighthouse", "geese", "owl", "fox", "heron")
    shots = []
    for n in range(1, FAMILY_MAIN + FAMILY_SECOND + 1):
        camera = FAMILY if n <= FAMILY_MAIN else SECOND
        month, day = 3 + n // 5, 1 + n * 3 % 28
        scene = Scene(subjects[n % len(subjects)], 200 + n)
        taken = f"2025:{month:02d}:{day:02d} 14:05:{n:02d}"
        shots.append(_Shot(f"family{n}", f"KES_{n:04d}.jpg", scene, True, camera, taken))
    return shots


def _develop(shot: _Shot) -> Picture:
    """Draw and encode one shot."""
    exif = _exif(shot.camera, shot.taken) if shot.camera else b""
    if shot.large and shot.camera:
        image = draw(shot.scene, *CAMERA_SIZE, sensor=shot.camera.sensor)
        data = _encode(image, exif, qtables=_tables(shot.camera.coarse))
    else:
        width, height = SMALL_SIZE
        image = draw(shot.scene, width * 3 // 2, height * 3 // 2)
        data = _encode(image.resize(SMALL_SIZE, Image.Resampling.LANCZOS), exif, quality=72)
    return Picture(shot.key, shot.key, shot.name, data, shot.camera)


def _copies(pictures: dict[str, Picture]) -> list[Picture]:
    """Near copies: recompressed, halved, mirrored; none keeps metadata."""

    def half(image: Image.Image) -> Image.Image:
        return image.resize((image.width // 2, image.height // 2), Image.Resampling.LANCZOS)

    plan: list[tuple[str, str, str, Callable[[Image.Image], Image.Image], int]] = [
        ("heron6-again", "heron6", "saved_0017.jpg", lambda image: image, 38),
        ("heron2-half", "heron2", "small_view.jpg", half, 80),
        ("heron3-mirrored", "heron3", "flipped.jpg", ImageOps.mirror, 82),
        ("fox1-again", "fox1", "scan.jpg", lambda image: image, 45),
        ("viral3-again", "viral3", "photo_again.jpg", lambda image: image, 30),
    ]
    copies = []
    for key, origin, name, change, quality in plan:
        with Image.open(io.BytesIO(pictures[origin].data)) as image:
            copies.append(Picture(key, origin, name, _encode(change(image.convert("RGB")), b"", quality=quality)))
    return copies


def _broken(pictures: dict[str, Picture]) -> list[Picture]:
    """Two JPEGs cut off inside their tables, so that no decoder can make anything of them, and an empty file."""
    first, second = pictures["viral1"].data[:131], pictures["viral2"].data[:149]
    return [
        Picture("broken-listed", "broken-listed", "shore_07.jpg", first),
        Picture("broken-unlisted", "broken-unlisted", "shore_08.jpg", second),
        Picture("empty", "empty", "untitled.jpg", b""),
    ]


def _encode(image: Image.Image, exif: bytes, quality: int = 75, qtables: list[list[int]] | None = None) -> bytes:
    """JPEG bytes; ``qtables`` in place of a quality for camera originals."""
    out = io.BytesIO()
    if qtables is None:
        image.save(out, "JPEG", quality=quality, exif=exif)
        return out.getvalue()
    image.save(out, "JPEG", qtables=qtables, subsampling="4:2:2", exif=exif)
    data = out.getvalue()
    # Cameras write no JFIF segment, the encoder always does (after the two bytes of SOI).
    return data[:2] + data[4 + int.from_bytes(data[4:6], "big") :]


def _tables(coarse: float) -> list[list[int]]:
    """A camera maker's own quantisation tables (luminance, chrominance): no quality setting of libjpeg gives them."""
    steps = [(row + column, row * column) for row in range(8) for column in range(8)]
    light = [max(1, round(coarse * (6 + 2.6 * along + 0.45 * across))) for along, across in steps]
    tint = [max(1, round(coarse * (9 + 5.2 * along + 0.8 * across))) for along, across in steps]
    return [light, tint]


def _exif(camera: Camera, taken: str) -> bytes:
    """EXIF as a camera writes it: wall clock without zone, body serial number, a place at sea."""
    exif = Image.Exif()
    exif[0x010F], exif[0x0110], exif[0x0112], exif[0x0132] = "Kestrel Optics", camera.model, 1, taken
    details = exif.get_ifd(0x8769)
    details[0x9003] = details[0x9004] = taken
    details[0xA431], details[0x8827], details[0x829D], details[0x829A] = camera.serial, 200, 5.6, 0.004
    details[0xA002], details[0xA003] = CAMERA_SIZE
    place = exif.get_ifd(0x8825)
    place[0], place[1], place[2] = b"\x02\x03\x00\x00", "N", (54.0, 10.0 + camera.sensor, 30.0)
    place[3], place[4] = "E", (4.0, 20.0 + camera.sensor, 12.0)
    return exif.tobytes()
