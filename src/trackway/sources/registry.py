"""The containers, in the order in which they are asked. Each module exports ``CONTAINER``, and may export
``warm_up()``, called once before workers are locked. Nothing outside the sandbox calls ``containers``."""

from functools import cache
from importlib import import_module
from types import ModuleType

from trackway.model.source import Container

CONTAINERS = (
    "trackway.sources.archive_zip",
    "trackway.sources.archive_tar",
    "trackway.sources.archive_cpio",
    "trackway.sources.compressed",
    "trackway.sources.disk",
)


@cache
def modules() -> tuple[ModuleType, ...]:
    """The container modules, imported, in order."""
    return tuple(import_module(path) for path in CONTAINERS)


@cache
def containers() -> tuple[Container, ...]:
    """All containers, in order. ImportError where one is missing."""
    return tuple(module.CONTAINER for module in modules())
