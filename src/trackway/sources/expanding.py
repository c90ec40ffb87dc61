"""Decompression with bounded memory: whatever the codec, at most ``PIECE`` bytes come out of one step.

Codecs of the standard library, and Zstandard from ``backports.zstd`` (the standard library's from Python 3.14).
"""

import bz2
import lzma
import sys
import zlib
from collections.abc import Callable
from typing import Protocol

from trackway.model.errors import Unreadable
from trackway.sources.guard import PIECE

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

INPUT = 16384
"""Compressed bytes handed to a codec at a time."""

LZMA_MEMORY = 256 << 20
ZSTD_WINDOW_LOG = 27
"""128 MiB: what ``zstd`` itself accepts without being told to take more."""

ReadPiece = Callable[[int], bytes]


class Decoder(Protocol):
    """The shape that bz2, lzma and zstd decoders share."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int = -1) -> bytes: ...


class ZlibDecoder:
    """zlib in the shape of ``Decoder``. ``wbits``: -15 raw deflate, 31 gzip."""

    def __init__(self, wbits: int) -> None:
        self._inner = zlib.decompressobj(wbits)
        self.needs_input = True

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        piece = self._inner.decompress(self._inner.unconsumed_tail + data, max_length)
        # A full piece may leave output inside zlib although all input is taken: ask once more without input.
        self.needs_input = not self._inner.unconsumed_tail and len(piece) < max_length
        return piece


def deflate() -> Decoder:
    return ZlibDecoder(-15)


def gzip() -> Decoder:
    return ZlibDecoder(31)


def bzip2() -> Decoder:
    return bz2.BZ2Decompressor()


def xz() -> Decoder:
    """xz and the older lzma format."""
    return lzma.LZMADecompressor(lzma.FORMAT_AUTO, memlimit=LZMA_MEMORY)


def zstandard() -> Decoder:
    options = {int(zstd.DecompressionParameter.window_log_max): ZSTD_WINDOW_LOG}
    decoder: Decoder = zstd.ZstdDecompressor(options=options)
    return decoder


def zip_lzma(header: bytes, size: int) -> Decoder:
    """LZMA as zip keeps it (APPNOTE 5.8.8): ``header`` is the five bytes of properties, ``size`` the expanded size,
    beyond which no dictionary is of use."""
    lc_lp_pb, dictionary = header[0], int.from_bytes(header[1:5], "little")
    if lc_lp_pb >= 9 * 5 * 5:
        raise Unreadable("its LZMA properties make no sense")
    remainder, lc = divmod(lc_lp_pb, 9)
    pb, lp = divmod(remainder, 5)
    dictionary = max(4096, min(dictionary, size, LZMA_MEMORY))
    filters = [{"id": lzma.FILTER_LZMA1, "lc": lc, "lp": lp, "pb": pb, "dict_size": dictionary}]
    return lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=filters)


class Expanding:
    """Expanded bytes, a piece at a time, of what ``read_piece`` gives.

    ``magics``: what a further stream begins with (gzip, xz, bzip2 and zstd allow several); empty: one stream.
    ``said`` receives a sentence where something else follows. A truncated stream gives what stands before the cut
    and then raises Unreadable.
    """

    def __init__(
        self,
        make: Callable[[], Decoder],
        read_piece: ReadPiece,
        magics: tuple[bytes, ...] = (),
        said: Callable[[str], None] = lambda sentence: None,
    ) -> None:
        self._make = make
        self._read = read_piece
        self._magics = magics
        self._said = said
        self._decoder = make()
        self._pending = b""
        self._ended = False

    def read(self, count: int) -> bytes:
        """Up to ``count`` bytes; b"" at the end. Unreadable where the stream is cut off or damaged."""
        while not self._ended:
            if self._decoder.eof and not self._next_stream():
                break
            data = b""
            if self._decoder.needs_input:
                data, self._pending = self._pending or self._read(INPUT), b""
                if not data:
                    raise Unreadable("it is cut off: the end of its compressed bytes is missing")
            piece = self._decode(data, count)
            if piece:
                return piece
        self._ended = True
        return b""

    @property
    def unused(self) -> int:
        """Bytes that were drawn and lie behind the end of the stream."""
        return len(self._decoder.unused_data) + len(self._pending)

    def _decode(self, data: bytes, count: int) -> bytes:
        try:
            return self._decoder.decompress(data, min(count, PIECE))
        except (zlib.error, lzma.LZMAError, OSError, EOFError, ValueError, zstd.ZstdError) as error:
            raise Unreadable("its compressed bytes are damaged, or ask for too much memory") from error

    def _next_stream(self) -> bool:
        """Start on what follows a finished stream; False where nothing does."""
        if not self._magics:
            return False
        rest = self._decoder.unused_data.lstrip(b"\x00")
        while len(rest) < max(map(len, self._magics)):
            piece = self._read(INPUT)
            if not piece:
                break
            rest = (rest + piece).lstrip(b"\x00")
        if not rest.startswith(self._magics):
            if rest:
                self._said("something else follows its compressed bytes; that is not read")
            return False
        self._decoder, self._pending = self._make(), rest
        return True


def warm_up() -> None:
    """Use each codec once in the clean parent: nothing is loaded later, in a locked worker."""
    for packed, make in (
        (zlib.compress(b"a", wbits=-15), deflate),
        (zlib.compress(b"a", wbits=31), gzip),
        (bz2.compress(b"a"), bzip2),
        (lzma.compress(b"a"), xz),
        (zstd.compress(b"a"), zstandard),
    ):
        make().decompress(packed, 1)
    zip_lzma(b"\x5d\x00\x10\x00\x00", 1)
