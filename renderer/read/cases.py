"""The golden cases of a template version: templates/<template>/<version>/tests/<case>/.

In: a fleet and a pin, or the files of a version from elsewhere. Out: Case values with the bytes of their files.
Never: parses answers, renders, follows a link.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from renderer.errors import Code
from renderer.read.files import quoted, read_file, unreadable, walk
from renderer.read.templates import TESTS
from renderer.types import Origin, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from renderer.types import Fleet, TemplateFile, TemplatePin

ANSWERS: Final = "answers.yaml"
EXPECTED: Final = "expected"
EXPECT_ERROR: Final = "expect-error"


@dataclass(frozen=True, slots=True)
class Case:
    """One golden case. `folder` is relative to the repository.

    `expected` are the files below expected/ by path, None without the folder; `error` is the code in expect-error, None
    without the file. `problems` is why something of it could not be read.
    """

    pin: TemplatePin
    name: str
    folder: str
    answers: bytes | None
    expected: Mapping[str, bytes] | None
    error: str | None
    problems: tuple[Problem, ...] = ()

    @property
    def file(self) -> str:
        """Where the answers stand."""
        return f"{self.folder}/{ANSWERS}"

    def flaws(self, *, update: bool = False) -> tuple[Problem, ...]:
        """Why the case says nothing; with `update`, expected/ is about to be made."""
        found = list(self.problems)
        if self.expected is not None and self.error is not None:
            found.append(self._flaw("both expected/ and expect-error", "remove one of them"))
        if self.expected is None and self.error is None and not update:
            found.append(
                self._flaw("neither expected/ nor expect-error", "`fleetpress template test --update` makes it")
            )
        if self.error is not None and self.error not in set(Code):
            found.append(self._flaw(f"the unknown code {quoted(self.error)}", "write one code such as FP307"))
        return tuple(found)

    def _flaw(self, what: str, hint: str) -> Problem:
        return Problem(Code.CASE_INVALID, f"the case {self.name} has {what}", Origin(self.folder), hint)


def load_cases(fleet: Fleet, pin: TemplatePin) -> tuple[Case, ...]:
    """All golden cases of a version in the fleet's folder, by name; none for a version that comes from elsewhere."""
    folder = fleet.templates / pin.name / pin.version / TESTS
    if not folder.is_dir():
        return ()
    names = sorted(path.name for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    return tuple(_load(fleet, pin, folder / name) for name in names)


def cases_among(pin: TemplatePin, files: Iterable[TemplateFile]) -> tuple[Case, ...]:
    """All golden cases among the files of a version that comes from elsewhere, by name."""
    found: dict[str, dict[str, bytes]] = defaultdict(dict)
    for file in files:
        name, slash, path = file.path.removeprefix(TESTS).partition("/")
        if file.path.startswith(TESTS) and slash and not name.startswith("."):
            found[name][path] = file.content
    return tuple(_made(pin, name, found[name]) for name in sorted(found))


def _made(pin: TemplatePin, name: str, files: Mapping[str, bytes]) -> Case:
    folder = f"{pin}/{TESTS}{name}"
    below = f"{EXPECTED}/"
    expected = {path.removeprefix(below): content for path, content in files.items() if path.startswith(below)}
    error = files.get(EXPECT_ERROR)
    code = None if error is None else error.decode(errors="replace").strip()
    answers = files.get(ANSWERS)
    problems = () if answers is not None else (_unanswered(name, folder),)
    return Case(pin, name, folder, answers, expected or None, code, problems)


def _unanswered(name: str, folder: str) -> Problem:
    what = f"the case {name} has no {ANSWERS}"
    return Problem(Code.CASE_INVALID, what, Origin(folder), "write the site, its labels and its values")


def _load(fleet: Fleet, pin: TemplatePin, path: Path) -> Case:
    folder = path.relative_to(fleet.repository).as_posix()
    problems: list[Problem] = []
    answers = _content(path / ANSWERS, f"{folder}/{ANSWERS}", problems)
    if answers is None and not problems:
        problems.append(_unanswered(path.name, folder))
    error = _content(path / EXPECT_ERROR, f"{folder}/{EXPECT_ERROR}", problems)
    expected = _expected(path / EXPECTED, f"{folder}/{EXPECTED}", problems)
    code = None if error is None else error.decode(errors="replace").strip()
    return Case(pin, path.name, folder, answers, expected, code, tuple(problems))


def _content(path: Path, file: str, problems: list[Problem]) -> bytes | None:
    try:
        return read_file(path)
    except FileNotFoundError:
        return None
    except OSError as error:
        problems.append(unreadable(file, error))
        return None


def _expected(path: Path, file: str, problems: list[Problem]) -> dict[str, bytes] | None:
    if not path.is_dir():
        return None
    try:
        found = sorted(walk(str(path)))
        return {name: read_file(entry.path) for name, entry in found}
    except OSError as error:
        problems.append(unreadable(file, error))
        return None
