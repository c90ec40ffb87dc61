"""Parts that NCMEC's report and file elements share: accounts, identifiers, connections, hashes.

Names of elements come without prefix, in any order (the schema fixes one; senders and converters do not all keep it).
"""

import ipaddress
import re
from collections.abc import Iterable, Iterator
from typing import Any
from xml.etree.ElementTree import Element

from msgspec import Struct

from trackway.model.trace import Identifier, PersonaRef
from trackway.readers._digests import flag

SERVICE = "ncmec"
_SNAKE = re.compile(r"(?<=[a-z0-9])([A-Z])")
_PHONE_NOISE = re.compile(r"\(0\)|[\s().\-/]")


class Account(Struct, frozen=True):
    """A reported account: who it is, and which of its values became the persona's key."""

    persona: PersonaRef
    keyed_by: str


def snake(name: str) -> str:
    """``generativeAi`` -> ``generative_ai``."""
    return _SNAKE.sub(lambda found: "_" + found[1].lower(), name).lower()


def said(element: Element | None, name: str) -> str:
    """The text of a child, "" where it is not there."""
    return (element.findtext(name) or "").strip() if element is not None else ""


def all_said(element: Element | None, *names: str) -> list[str]:
    """The texts of the children of these names that say something, in order, without repeats."""
    if element is None:
        return []
    texts = ((child.text or "").strip() for child in element if child.tag in names)
    return list(dict.fromkeys(text for text in texts if text))


def marked(element: Element) -> bool:
    """Whether a mark is set: an empty element is; one that says "false" is not."""
    return flag((element.text or "").strip()) is not False


def marks(parent: Element | None) -> list[str]:
    """The marks set under an element, in snake case."""
    return [snake(child.tag) for child in parent if marked(child)] if parent is not None else []


def as_json(element: Element) -> Any:
    """An element as JSON: a text, or an object of its children and attributes; repeated children become lists."""
    text = (element.text or "").strip()
    if not len(element) and not element.attrib:
        return text
    found: dict[str, Any] = {f"@{key}": value for key, value in element.attrib.items()}
    for child in element:
        value = as_json(child)
        if child.tag not in found:
            found[child.tag] = value
        elif isinstance(found[child.tag], list):
            found[child.tag].append(value)
        else:
            found[child.tag] = [found[child.tag], value]
    if text:
        found["#"] = text
    return found


def _person(element: Element) -> Element | None:
    """The block of personal details inside an account, whatever it is called there."""
    return next((child for child in element if child.tag.endswith("Person")), None)


def mails(element: Element) -> list[str]:
    """Mail addresses of an account, lower case."""
    texts = all_said(element, "email") + all_said(_person(element), "email")
    return list(dict.fromkeys(text.lower() for text in texts if "@" in text))


def account_of(element: Element | None, provider: str = "") -> Account | None:
    """The account that an element describes; None where nothing names one. ``provider`` stands in for espService."""
    if element is None:
        return None
    service = said(element, "espService") or provider
    screen, displayed = said(element, "screenName"), all_said(element, "displayName")
    addresses = mails(element)
    keys = {"espIdentifier": said(element, "espIdentifier"), "screenName": screen, "email": next(iter(addresses), "")}
    for keyed_by, key in keys.items():
        if key:
            names = tuple(dict.fromkeys(filter(None, [screen, *displayed])))
            return Account(
                PersonaRef(SERVICE, f"{service}/{key}" if service and keyed_by != "email" else key, names), keyed_by
            )
    return None


def phone(element: Element) -> str:
    """A telephone number in E.164, where it says its country; else ""."""
    number = _PHONE_NOISE.sub("", (element.text or "").strip())
    country = re.sub(r"\D", "", element.get("countryCallingCode", ""))
    if number.startswith("00"):
        number = "+" + number[2:]
    if not number.startswith("+"):
        number = f"+{country}{number.lstrip('0')}" if country else ""
    digits = number[1:]
    return number if digits.isascii() and digits.isdecimal() and 7 <= len(digits) <= 15 else ""


def connection(event: Element) -> Identifier | None:
    """The address of a connection, with its port where one is named; None where the address is none."""
    try:
        address = ipaddress.ip_address(said(event, "ipAddress"))
    except ValueError:
        return None
    port = said(event, "port")
    if port.isascii() and port.isdecimal() and 0 < int(port[:6]) < 65536:
        host = f"[{address}]" if address.version == 6 else str(address)
        return Identifier("ip-port", f"{host}:{int(port)}", "own")
    return Identifier("ip", str(address), "own")


def device(element: Element) -> Identifier | None:
    """A device id with its type ("IMEI 490154203237518")."""
    value = said(element, "idValue") or (element.text or "").strip()
    return Identifier("device", f"{said(element, 'idType')} {value}".strip(), "own") if value else None


def identifiers(element: Element) -> Iterator[Identifier]:
    """All that belongs to one account: mail, telephone, address and port, device, profile address."""
    person = _person(element)
    for address in mails(element):
        yield Identifier("mail", address, "own")
    for block in (element,) if person is None else (element, person):
        for number in map(phone, block.iterfind("phone")):
            if number:
                yield Identifier("phone", number, "own")
        yield from filter(None, map(device, block.iterfind("deviceId")))
        yield from filter(None, map(connection, block.iterfind("ipCaptureEvent")))
    for url in all_said(element, "profileUrl"):
        yield Identifier("url", url, "own")


def without_repeats(found: Iterable[Identifier]) -> tuple[Identifier, ...]:
    """The identifiers in order, each once."""
    return tuple(dict.fromkeys(found))


def pairs(details: Iterable[Element]) -> Iterator[tuple[str, str, str]]:
    """(type "EXIF" | "HASH" | "", name, value) of every name-value pair, wherever its type is written."""
    for block in details:
        blocks = block.findall("nameValuePair") or [block]
        for pair in blocks:
            written = (said(pair, "type"), pair.get("type", ""), said(block, "type"), block.get("type", ""))
            name, value = said(pair, "name"), said(pair, "value")
            if name:
                yield next(filter(None, written), "").upper(), name, value
