"""What must not stand in any file of the repository: paths of somebody's machine, addresses of package registries."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MACHINE = re.compile(r"(?<![\w.~])/(?:root|work|Users|home/(?!heron|user|wren)[a-z]+)/[\w.]")
"""A path of a machine; invented homes in evidence are birds'."""
TOOLS = re.compile(r"(?i)\b(?:cl[a]ude|anthr[o]pic|cop[i]lot|chat[g]pt)\b")
HOST = re.compile(r"(?i)\b(?:https?|wss?|ftp)://(?:[^\s/@\"'`<>]*@)?([a-z0-9-]+(?:\.[a-z0-9-]+)+)")
INVENTED = re.compile(r"(?i)(?:^|\.)(?:example(?:\.(?:com|org|net))?|test|invalid|localhost|onion)$|^[\d.]+$")
"""Names that can belong to nobody (RFC 2606, RFC 6761), and numbers."""
NAME_SPACES = re.compile(r"http://github\.com/(?:ICMEC|VICSDATAMODEL)/ProjectVic/")
"""How a VICS file says which data model it follows."""
ALLOWED = {
    "www.apache.org": "the licence",
    "c2sp.org": "the checkpoint format",
    "json-schema.org": "the dialect of the JSON schemas",
    "ns.adobe.com": "XMP's name space",
    "www.w3.org": "XML and SVG name spaces",
}
"""Hosts that may be named, and why. A source is named by its title elsewhere."""


def _files() -> Iterator[tuple[str, str]]:
    """Path and text of each file that git tracks or would track."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, capture_output=True, check=False
    )
    if listed.returncode:
        pytest.skip("This is no git checkout.")
    for name in filter(None, listed.stdout.decode().split("\0")):
        path = ROOT / name
        if path.is_file():
            yield name, path.read_bytes().decode("utf-8", "replace")


def _found(text: str) -> list[str]:
    text = NAME_SPACES.sub("", text)
    hosts = [match[1].lower() for match in HOST.finditer(text)]
    strange = [host for host in hosts if host not in ALLOWED and not INVENTED.search(host)]
    return strange + MACHINE.findall(text) + TOOLS.findall(text)


def test_no_file_names_a_machine_a_registry_or_a_tool_of_the_workplace() -> None:
    problems = [f"{name}: {what}" for name, text in _files() for what in _found(text)]
    assert problems == []


@pytest.mark.parametrize(
    "text",
    ["see /ro" + "ot/.cache/x", "cd /wo" + "rk/main", "ht" + "tps://pypi.org/simple", "git@ht" + "tp://a.b.nl/x"],
)
def test_control_each_would_be_seen(text: str) -> None:
    assert _found(text)


@pytest.mark.parametrize("text", ["https://heron.example/a", "http://127.0.0.1:8000", "https://c2sp.org/x", "a/work/b"])
def test_what_is_invented_or_allowed_passes(text: str) -> None:
    assert _found(text) == []
