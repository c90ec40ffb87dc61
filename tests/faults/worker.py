"""The process under test: python worker.py MODULE:FUNCTION DIRECTORY BATCHES SYNCHRONOUS.

The function is called with (directory, batches, synchronous, acknowledge, phase). It writes its batches into the
directory, resuming what an earlier run left, and calls ``acknowledge(line)`` for what it has promised to keep, and
``phase(name)`` when another phase begins.
"""

import importlib
import os
import sys
from pathlib import Path


class Lines:
    """A marker file: each line is one write, so that the injector sees it whole."""

    def __init__(self, path: Path) -> None:
        self.fd = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)

    def __call__(self, line: str) -> None:
        os.write(self.fd, f"{line}\n".encode())


def main() -> None:
    module, _, function = sys.argv[1].partition(":")
    directory = Path(sys.argv[2])
    run = getattr(importlib.import_module(module), function)
    run(directory, int(sys.argv[3]), sys.argv[4], Lines(directory / ".ack"), Lines(directory / ".phase"))


if __name__ == "__main__":
    main()
