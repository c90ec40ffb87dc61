"""What a command of the command line leaves, for the tests of this folder."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec


@dataclass(frozen=True)
class Done:
    """What a command left: its exit code, what it printed, and what it said on standard error."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one document on standard output; an error where there is anything else."""
        return msgspec.json.decode(self.out)


Run = Callable[..., Done]
