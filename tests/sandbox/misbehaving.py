"""Readers and containers for the tests of the sandbox; loaded by workers through ``Pool(files=...)``.

A source names what is to happen in its first line; the rest is its content.
"""

import ctypes
import errno
import os
import time
from collections.abc import Callable, Iterator

from trackway.model.errors import Unreadable
from trackway.model.source import Container, FileTimes, Measurement, Member, Reader, Report, Source
from trackway.model.trace import Moment, PersonaRef, Trace

SOCKET = 3


def claims(word: bytes) -> Callable[[Source], str | None]:
    return lambda source: f"begins with {word.decode()}" if source.head.startswith(word + b"\n") else None


def lines(source: Source, report: Report) -> Iterator[Trace]:
    with source.open() as stream:
        for number, raw in enumerate(stream):
            yield Trace(
                "message",
                f"line {number}",
                Moment("2026-01-02 03:04", 1767323040000000, "assumed"),
                PersonaRef("irc", "someone", ("someone",)),
                text=raw.decode("utf-8", "replace").rstrip(),
                raw=raw,
            )


def crash(source: Source, report: Report) -> Iterator[Trace]:
    yield Trace("message", "line 0")
    raise KeyError("words of the evidence")


def segfault(source: Source, report: Report) -> Iterator[Trace]:
    yield Trace("message", "line 0")
    ctypes.string_at(0)


def quit_early(source: Source, report: Report) -> Iterator[Trace]:
    yield Trace("message", "line 0")
    os._exit(0)


def memory(source: Source, report: Report) -> Iterator[Trace]:
    hoard = []
    while True:
        hoard.append(bytes(16 << 20))
        yield Trace("message", "more")


def loop(source: Source, report: Report) -> Iterator[Trace]:
    yield Trace("message", "line 0")
    while True:
        pass


def sleep(source: Source, report: Report) -> Iterator[Trace]:
    yield Trace("message", "line 0")
    time.sleep(600)


def drip(source: Source, report: Report) -> Iterator[Trace]:
    """Never silent, never done."""
    while True:
        report.not_understood("here", "again")
        end = time.process_time() + 0.1
        while time.process_time() < end:
            pass
        yield Trace("message", "x", raw=bytes(1 << 18))


def forbidden(source: Source, report: Report) -> Iterator[Trace]:
    yield Trace("message", "line 0")
    os.fork()


def nested(source: Source, report: Report) -> Iterator[Trace]:
    def down() -> None:
        down()

    down()
    yield Trace("message", "never")


def unreadable(source: Source, report: Report) -> Iterator[Trace]:
    yield Trace("message", "line 0")
    report.incomplete("half of it is missing")
    raise Unreadable("it is cut off in the middle")


def say(content: bytes) -> Callable[[Source, Report], Iterator[Trace]]:
    """A worker that was taken over and writes to the socket itself."""

    def read(source: Source, report: Report) -> Iterator[Trace]:
        os.write(SOCKET, content)
        time.sleep(600)
        yield Trace("message", "never")

    return read


def odd(source: Source, report: Report) -> Iterator[Trace]:
    report.not_understood("a\udc80b", "c\ud83d")
    yield Trace("message", "a", text="half \ud83d a pair", fields={"n": 1 << 80, "k\udc00": [2.5, None]})
    yield Trace("message", "b", raw=bytes(6 << 20), text="t" * 1_000_000)
    yield Trace("message", "c", text="after")


def siblings(source: Source, report: Report) -> Iterator[Trace]:
    """Reads 30 companions by turns, twice: more than a worker may hold open."""
    streams = {number: source.sibling(f"part.{number}") for number in range(30)}
    for turn in range(2):
        for number, stream in streams.items():
            assert stream is not None
            stream.seek(turn * 4)
            yield Trace("message", f"{number}", text=stream.read(4).decode())
    for name in ("missing", "../part.1", ""):
        yield Trace("message", name, text=str(source.sibling(name)))


def count_descriptors(source: Source, report: Report) -> Iterator[Trace]:
    held = [number for number in range(16) if _is_open(number)]
    yield Trace("message", "x", text=" ".join(map(str, held)))


def _is_open(number: int) -> bool:
    try:
        os.pread(number, 1, 0)
    except OSError as error:
        return error.errno != errno.EBADF
    return True


def try_write(source: Source, report: Report) -> Iterator[Trace]:
    for number in range(4, 16):
        try:
            os.pwrite(number, b"forged", 0)
        except OSError:
            continue
        yield Trace("message", "x", text="wrote")


def media_claim(source: Source, report: Report) -> Iterator[Trace]:
    yield Trace("media", "picture", fields={"Model": "x"})


def measure(source: Source) -> list[Measurement]:
    return [Measurement("test-size", 1, {"width": 3, "height": source.size})]


def _reader(name: str, read: Callable[[Source, Report], Iterator[Trace]]) -> Reader:
    return Reader(name, 1, name, claims(name.upper().encode()), read, lambda source: {"zone": source.zone or ""})


def box(source: Source, report: Report) -> Iterator[Member]:
    """Members of a box: each is the rest of the source, from another place."""
    times = FileTimes(written="2026-01-02T03:04:05Z")
    yield Member("a/one.txt", source.open, source.size, times)
    yield Member("locked.bin", None, 10, reason="it is encrypted")
    yield Member("bad.txt", lambda: _broken(source), None, state="deleted")
    yield Member("nam\udce9.txt", source.open)


def _broken(source: Source) -> object:
    stream = source.open()
    read = stream.read

    class Broken:
        def __enter__(self) -> "Broken":
            return self

        def __exit__(self, *error: object) -> None:
            return None

        def read(self, size: int) -> bytes:
            if stream.tell():
                raise EOFError("words of the evidence")
            return read(4)

    return Broken()


def endless(source: Source, report: Report) -> Iterator[Member]:
    while True:
        yield Member("again", source.open)


def bad_sniffer(source: Source) -> str | None:
    if source.head.startswith(b"SNIFF"):
        raise IndexError("words of the evidence")
    return None


READERS = (
    Reader("bad-sniffer", 1, "bad sniffer", bad_sniffer, lines),
    _reader("lines", lines),
    _reader("crash", crash),
    _reader("segfault", segfault),
    _reader("quit", quit_early),
    _reader("memory", memory),
    _reader("loop", loop),
    _reader("sleep", sleep),
    _reader("drip", drip),
    _reader("forbidden", forbidden),
    _reader("nested", nested),
    _reader("unreadable", unreadable),
    _reader("garbage", say(b"\x05\0\0\0\xff\xff\xff\xff\xff")),
    _reader("huge", say(b"\xff\xff\xff\x7f")),
    _reader("unasked", say(b"\x0d\0\0\0\x81\xa5frame\xa5ready")),
    _reader("odd", odd),
    _reader("siblings", siblings),
    _reader("descriptors", count_descriptors),
    _reader("write", try_write),
    _reader("media", media_claim),
    _reader("mail", lines),
)
CONTAINERS = (
    Container("box", 2, "box", claims(b"BOX"), box),
    Container("endless", 1, "endless", claims(b"ENDLESS"), endless),
)
COMPANIONS = {"mail": Container("attachments", 1, "attachments", lambda source: "has attachments", box)}
