"""Marks the phases of an intake for the fault tests: they must cut each of them (TRUST.md, test 10)."""

import os


def phase(name: str) -> None:
    """Write the phase's name into ``.phase`` of TRACKWAY_FAULT_DIR, only where TRACKWAY_FAULTS asks for it."""
    folder = os.environ.get("TRACKWAY_FAULT_DIR")
    if folder and os.environ.get("TRACKWAY_FAULTS"):
        fd = os.open(os.path.join(folder, ".phase"), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(fd, name.encode() + b"\n")
        finally:
            os.close(fd)
