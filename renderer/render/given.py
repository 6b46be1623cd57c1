"""What files of a template depend on of all that a site is given: read paths, followed through the questions.

In: the read sets of a template and its questions. Out: for each file the paths below values, labels and `site` that can
change its bytes, its name or whether it is there; or None where only a run can tell.
Never: says less than a run could read. A question's validator does not count: it refuses a site, and changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, Protocol

from renderer.render.questions import MISSING
from renderer.render.texts import Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from renderer.render.questions import Question
    from renderer.render.reads import ReadPath, ReadSets
    from renderer.render.steps import Parts


class _Named(Protocol):
    @property
    def name(self) -> str: ...


# What a template sees of a site besides its questions.
_FOLDER_NAME: Final = "_folder_name"
_SITE: Final = ("site",)
# The types of answers that are what is given, member by member.
_MAPS: Final = ("yaml", "json")


def given_reads(reads: ReadSets, parts: Parts) -> dict[str, frozenset[ReadPath] | None]:
    """Of a template in Copier's format: the file in the fleet repository -> what it depends on."""
    closure = _Closure(reads, {question.name: question for question in parts.questions})
    settings = closure.of(reads.of(parts.settings))
    found: dict[str, frozenset[ReadPath] | None] = {}
    for file in parts.files.values():
        own = closure.of(reads.of([*file.parts, *([] if file.text is None else [file.text])]))
        # Which files there are is told by the settings: `_exclude` leaves any file out.
        found[file.origin.file] = None if own is None or settings is None else own | settings
    return found


def given_variables(paths: frozenset[ReadPath] | None, variables: Iterable[_Named]) -> frozenset[ReadPath] | None:
    """Of a file in FoxOps' format that reads `paths`: a variable is read as a whole, with its defaults."""
    known = {variable.name for variable in variables}
    return None if paths is None else frozenset((path[0],) for path in paths if path[0] in known)


@dataclass(frozen=True, slots=True)
class _Closure:
    reads: ReadSets
    questions: Mapping[str, Question]
    _asked: dict[str, frozenset[ReadPath] | None] = field(default_factory=dict)

    def of(self, paths: frozenset[ReadPath] | None) -> frozenset[ReadPath] | None:
        """What is given for `paths`, and for what their questions read in turn."""
        found: set[ReadPath] = set()
        followed: set[str] = set()
        todo = [] if paths is None else list(paths)
        while todo:
            path = todo.pop()
            if path[0] == _FOLDER_NAME:
                found.add(_SITE)
            question = self.questions.get(str(path[0]))
            if question is None:
                continue  # a constant of the template, or a name that a file's own path sets
            found.add(path if _is_by_member(question) else path[:1])
            if question.name not in followed:
                followed.add(question.name)
                more = self._texts(question)
                if more is None:
                    return None
                todo += more
        return None if paths is None else frozenset(found)

    def _texts(self, question: Question) -> frozenset[ReadPath] | None:
        if question.name not in self._asked:
            self._asked[question.name] = self.reads.of(replace(question, validator="").texts())
        return self._asked[question.name]


def _is_by_member(question: Question) -> bool:
    """Whether a member of the answer depends on that member only.

    Not where there is a default: giving any member takes it away, and with it all others.
    """
    kind = question.type.constant if isinstance(question.type, Text) else question.type
    return kind in _MAPS and question.default is MISSING and not question.multiselect
