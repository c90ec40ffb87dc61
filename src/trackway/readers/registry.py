"""The readers, in the order in which they are asked. The first that claims a source reads it.

A module of this package exports ``READER``. It may also export ``CONTAINER``: what its records carry inside them
(attachments of a mail), streamed after the traces of the same source; and ``warm_up()``, called once before
workers are locked, for whatever it would otherwise import or open lazily.

Other distributions add readers by the entry-point group ``trackway.readers``: a ``Reader`` each. They are loaded in
the sandbox only, come after our own, and carry the distribution's name and version in their own name, so that a reading
says whose code made it. Nothing outside the sandbox calls ``readers``.
"""

from collections.abc import Callable
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from types import ModuleType

from msgspec.structs import replace

from trackway.model.source import Container, Reader
from trackway.model.trace import Trace

READERS = (
    "trackway.readers.ncmec",
    "trackway.readers.ncmec_hashes",
    "trackway.readers.vics",
    "trackway.readers.icse",
    "trackway.readers.telegram",
    "trackway.readers.mail",
    "trackway.readers.media",
    "trackway.readers.irc",
    "trackway.readers.hash_list",
)
"""Formats that say what they are come before those known only by the look of their lines."""
LAST = "trackway.readers.text"
"""Claims any text: asked after everything else, readers of other distributions included."""
GROUP = "trackway.readers"


@cache
def modules() -> tuple[ModuleType, ...]:
    """The reader modules, imported, in order."""
    return tuple(import_module(path) for path in (*READERS, LAST))


@cache
def readers() -> tuple[Reader, ...]:
    """All readers, in order. ImportError where one is missing: a reader is never left out in silence."""
    *own, last = (module.READER for module in modules())
    return (*own, *_plugins(), last)


@cache
def companions() -> dict[str, Container]:
    """By a reader's name: the container of what its records carry."""
    return {module.READER.name: module.CONTAINER for module in modules() if hasattr(module, "CONTAINER")}


def enricher() -> Callable[[Trace], Trace]:
    """What is done to every trace of every reader: identifiers found in its text."""
    enrich: Callable[[Trace], Trace] = import_module("trackway.readers.identifiers").enrich
    return enrich


def _plugins() -> tuple[Reader, ...]:
    found = []
    for point in sorted(
        entry_points(group=GROUP), key=lambda point: (point.dist.name if point.dist else "", point.name)
    ):
        reader = point.load()
        if not isinstance(reader, Reader):
            raise TypeError(f"entry point {point.name} of group {GROUP} is no Reader")
        origin = f"{point.dist.name}-{point.dist.version}" if point.dist else "unknown"
        found.append(replace(reader, name=f"{reader.name}@{origin}"))
    return tuple(found)
