"""Raw records: kept compressed in blocks, opened one block at a time."""

import msgspec
import zstandard
from sqlalchemy import Connection, select

from trackway.model.trace import Trace
from trackway.store import schema

_decode = msgspec.msgpack.Decoder(list[tuple[int, bytes]]).decode
_trace = msgspec.msgpack.Decoder(Trace).decode
BLOCK_MAX = 1 << 30


class Raw:
    """Raw records of one case; keeps the block that was opened last."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._zstd = zstandard.ZstdDecompressor()
        self._records: dict[int, bytes] = {}

    def of(self, n: int) -> bytes:
        """The record of trace ``n``, as it stands in the source. ValueError where the store has lost it."""
        if n not in self._records:
            c = schema.raw.c
            statement = select(c.block).where(c.first_n <= n, c.first_n >= n >> 32 << 32).order_by(c.first_n.desc())
            for block in self._connection.execute(statement).scalars():
                try:
                    self._records = dict(_decode(self._zstd.decompress(bytes(block), max_output_size=BLOCK_MAX)))
                except (zstandard.ZstdError, msgspec.DecodeError) as error:
                    raise ValueError("a block of raw records is damaged") from error
                if n in self._records:
                    break
            else:
                raise ValueError("a raw record is missing")
        return self._records[n]


def whole_trace(body: bytes, text: str, raw: bytes) -> Trace:
    """A trace as it was read: its body, its text and its raw record put together again."""
    return msgspec.structs.replace(_trace(body), text=text, raw=raw)
