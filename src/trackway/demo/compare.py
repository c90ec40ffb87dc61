"""What both comparisons of the demo share: names of files, and finding a persona among opaque ids."""

from typing import Any

Answers = dict[str, Any]
"""The contract's JSON by command name."""


def base(path: str) -> str:
    """The last part of a path, whichever way its slashes lean."""
    return path.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1]


class Persons:
    """Answers which item of ``personas`` is a pseudonym of the story: ids are the program's own."""

    def __init__(self, found: dict[tuple[str, str], Any]) -> None:
        self._found = found

    def of(self, service: str, key: str) -> Any | None:
        """The item of ``personas``; None where there is none."""
        return self._found.get((service, key))


def resolve(wanted: list[tuple[str, str, list[str]]], items: list[Any]) -> dict[tuple[str, str], Any]:
    """Items by (service, key): the service must agree, and the key must stand among the item's identifiers or names;
    where the program keys by something else, one of the names, which the demo uses once a service."""
    found: dict[tuple[str, str], Any] = {}
    for service, key, names in wanted:
        here = [item for item in items if item["service"] == service]
        by_key = [item for item in here if key in {*item["names"], *(one["value"] for one in item["identifiers"])}]
        by_name = [item for item in here if {*item["names"]} & {*names}]
        for item in (*by_key, *by_name)[:1]:
            found[service, key] = item
    return found
