"""What an exhibit given on the command line is: a folder, or one file (an image, an archive, an export)."""

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from trackway.intake.tasks import Task, kept_path
from trackway.model.errors import Refused
from trackway.model.source import FileTimes
from trackway.sources.folder import file_times, open_below, shown, walk


@dataclass(frozen=True, slots=True)
class Exhibit:
    """A place on this machine with evidence in it. ``key`` tells exhibits of one case apart and is never shown."""

    given: str
    path: Path
    is_folder: bool

    @property
    def key(self) -> str:
        return shown(os.fsencode(self.path))

    @property
    def name(self) -> str:
        """The base name: no path of the examiner's machine stands in any report."""
        return shown(os.fsencode(self.path.name)) or self.given


def locate(given: str, case_folder: Path | None) -> Exhibit:
    """Find an exhibit. Raises Refused where there is none, or where it is the case itself."""
    try:
        path = Path(os.path.realpath(given))
        is_folder = path.is_dir()
        if not is_folder and not path.is_file():
            raise Refused(f"There is no file or folder {given!r}.", "no-exhibit")
        os.close(os.open(path, os.O_RDONLY))
    except OSError as error:
        raise Refused(f"The exhibit {given!r} cannot be opened: {error.strerror}.", "unreadable") from error
    if case_folder is not None:
        case = Path(os.path.realpath(case_folder))
        if case == path or case in path.parents or path in case.parents:
            raise Refused(
                "The case lies inside that exhibit (or the exhibit inside the case); keep them apart.", "same"
            )
    return Exhibit(given, path, is_folder)


@contextlib.contextmanager
def _at_hand(exhibit: Exhibit) -> Iterator[None]:
    """A file that cannot be read costs that file; an exhibit that is gone ends the run, to be taken up again."""
    try:
        yield
    except OSError as error:
        sentence = f"The exhibit {exhibit.name} cannot be read: {error.strerror}. What was read stands; run it again."
        raise Refused(sentence, "unreadable") from error


class Opener:
    """Opens files of one exhibit by their path inside it, never outside it."""

    def __init__(self, exhibit: Exhibit) -> None:
        """Raises Refused where the exhibit is gone."""
        root = exhibit.path if exhibit.is_folder else exhibit.path.parent
        with _at_hand(exhibit):
            self._root = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)

    def open(self, path: str) -> int:
        """A read-only descriptor. Raises OSError."""
        return open_below(self._root, path)

    def sibling(self, path: str, name: str) -> int | None:
        """A file beside ``path``, by its bare name; None where there is none."""
        if not name or "/" in name or "\0" in name or name in (".", ".."):
            return None
        try:
            return self.open(os.path.join(os.path.dirname(path), name))
        except OSError:
            return None

    def close(self) -> None:
        os.close(self._root)


def plan(exhibit: Exhibit, number: int) -> Iterator[Task]:
    """The top-level places of an exhibit, in a fixed order. What cannot be read comes with its reason.

    Raises Refused where the exhibit itself is gone."""
    with _at_hand(exhibit):
        yield from _places(exhibit, number)


def _places(exhibit: Exhibit, number: int) -> Iterator[Task]:
    if not exhibit.is_folder:
        times = file_times(os.stat(exhibit.path))
        yield Task(number, exhibit.name, times=times, name=exhibit.name)
        return
    for entry in walk(exhibit.path):
        task = Task(number, kept_path(entry.path), times=entry.times or FileTimes(), name=entry.path.rsplit("/", 1)[-1])
        if entry.reason:
            task.outcome, task.reason = "refused", entry.reason
        if task.path != entry.path:
            task.outcome, task.reason = "refused", "its path is too long: add the folder that it lies in by itself"
        yield task
