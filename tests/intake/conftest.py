"""The images that the tests of sources build are exhibits here."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "sources"))
