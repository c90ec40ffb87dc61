"""What a worker works with: the readers and containers of this installation, and what is done after them."""

import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from importlib.util import module_from_spec, spec_from_file_location
from types import ModuleType

from trackway.model.source import Container, Measurement, Reader, Report, Source
from trackway.model.trace import Trace

MEDIA = "media"
"""Name of the reader whose sources are also measured."""


@dataclass(frozen=True, slots=True)
class Tools:
    """``companions``: by a reader's name, the container of what its records carry inside them."""

    containers: tuple[Container, ...]
    readers: tuple[Reader, ...]
    companions: Mapping[str, Container]
    enrich: Callable[[Trace], Trace]
    measure: Callable[[Source], list[Measurement]]
    acquisition: Callable[[Source, Report], Measurement]
    modules: tuple[ModuleType, ...] = field(default=())


def installed() -> Tools:
    """Everything that the registries name. Imports all of it: only the zygote (and tests) may call this."""
    from trackway.measure import media
    from trackway.readers import registry as reader_registry
    from trackway.sources import registry as container_registry

    return Tools(
        container_registry.containers(),
        reader_registry.readers(),
        reader_registry.companions(),
        reader_registry.enricher(),
        media.measure,
        acquisition,
        (*container_registry.modules(), *reader_registry.modules(), media),
    )


def only_files(paths: Iterable[str]) -> Tools:
    """Readers and containers of single files instead of the installed ones (tests; a reader under development).

    A file exports ``READERS`` and ``CONTAINERS`` (tuples, either may be missing), perhaps ``measure``, ``enrich``."""
    modules = tuple(_load(number, path) for number, path in enumerate(paths))
    containers = [one for module in modules for one in getattr(module, "CONTAINERS", ())]
    readers = [one for module in modules for one in getattr(module, "READERS", ())]
    companions = {name: one for module in modules for name, one in getattr(module, "COMPANIONS", {}).items()}
    last = modules[-1]
    enrich: Callable[[Trace], Trace] = getattr(last, "enrich", lambda trace: trace)
    measure: Callable[[Source], list[Measurement]] = getattr(last, "measure", lambda source: [])
    return Tools(tuple(containers), tuple(readers), companions, enrich, measure, acquisition, modules)


def acquisition(source: Source, report: Report) -> Measurement:
    """An image's stored digests against its bytes: {"stored", "computed", "ok"}; ``ok`` None where none is stored."""
    from trackway.sources.disk_ewf import verify_acquisition

    return Measurement("acquisition", 1, verify_acquisition(source, report))


def _load(number: int, path: str) -> ModuleType:
    spec = spec_from_file_location(f"trackway_extra_{number}", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"no Python module: {path}")
    module = module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module
