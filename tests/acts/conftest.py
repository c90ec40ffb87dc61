"""A case written by hand, at the moment from which the clocks are reckoned."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from handmade import Case, moment, new_case


@pytest.fixture
def case(tmp_path: Path) -> Iterator[Case]:
    with moment():
        held = new_case(tmp_path)
        yield held
        held.close()
