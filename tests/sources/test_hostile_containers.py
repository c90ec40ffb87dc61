"""Spoiled containers cost themselves only: nothing but Unreadable, no endless loop, bounded memory."""

import random
import resource
import time

import pytest
from held_source import Failed, Held, Said, tree
from hostile_samples import SAMPLES, spoiled
from hypothesis import given, settings
from hypothesis import strategies as st

from trackway.model.errors import Unreadable
from trackway.model.source import Container
from trackway.sources import archive_cpio, archive_tar, archive_zip, compressed, disk
from trackway.sources.guard import Limits

MODULES = {"zip": archive_zip, "tar": archive_tar, "cpio": archive_cpio, "compressed": compressed, "disk": disk}
SMALL = Limits(free_bytes=8 << 20, ratio=20)
SECONDS = 10
MIB = 400


def within_limits(container: Container) -> Container:
    members = MODULES[container.name].members
    return Container(container.name, 1, "", container.claims, lambda source, report: members(source, report, SMALL))


@pytest.mark.parametrize("name", SAMPLES)
def test_the_samples_themselves_are_read(name: str) -> None:
    container, content = SAMPLES[name]
    report = Said()
    found = tree(container, Held(name, content), report)
    assert container.claims(Held(name, content))
    assert found
    assert not any(isinstance(content, Failed) for content in found.values())
    assert report.lines == []


@pytest.mark.parametrize("name", SAMPLES)
def test_what_is_told_of_a_member_can_be_sent(name: str) -> None:
    """Libraries give integers of types of their own, which no wire format takes."""
    container, content = SAMPLES[name]
    for member in container.members(Held(name, content), Said()):
        assert type(member.size) in (int, type(None))
        assert {type(value) for value in (member.path, member.reason, member.state)} == {str}


@pytest.mark.parametrize("name", SAMPLES)
@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 1 << 32))
def test_spoiled_containers_cost_themselves_only(name: str, seed: int) -> None:
    container, content = SAMPLES[name]
    source = Held(name, spoiled(content, random.Random(seed)))
    before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.monotonic()
    container.claims(source)
    tree(within_limits(container), source)
    if container is disk.CONTAINER:
        try:
            disk.stored_digests(source)
            disk.verify_acquisition(source, Said())
        except Unreadable:
            pass
    assert time.monotonic() - began < SECONDS
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < MIB << 10


@given(st.binary(max_size=2000))
@settings(max_examples=60, deadline=None)
def test_any_bytes_at_all(content: bytes) -> None:
    source = Held("x", content)
    for module in MODULES.values():
        if module.CONTAINER.claims(source):
            tree(within_limits(module.CONTAINER), source)
