"""What a compiled template offers, whatever format it was written in.

In: nothing. Out: the protocol that a reader of a format implements; `compiling` chooses it by the file it finds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from renderer.render.outline import SourceFile
    from renderer.render.reads import ReadPath
    from renderer.render.sandbox import TemplateEnvironment
    from renderer.types import Json, Manifest, Origin, Problem, TemplatePin


@dataclass(frozen=True, slots=True)
class Rendered:
    """One template's part of a site. With problems, `files` is what did render and must not be used."""

    files: tuple[Manifest, ...]
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class MadeFile:
    """A file that is made for a site: from which source, where it goes, and what the source's text sees."""

    source: SourceFile
    path: str
    view: Mapping[str, Any]


class Template(Protocol):
    """A template version, compiled once and used for every site."""

    @property
    def pin(self) -> TemplatePin:
        """Name and version."""

    @property
    def variables(self) -> Sequence[str]:
        """The names of the variables it asks for, in order."""

    def render(self, site: str, given: Mapping[str, Json]) -> Rendered:
        """Render for a site named `site`. `given` may hold more than the template asks for; it sees what it asks for.

        A pure function: the same arguments give the same bytes, and nothing given is changed.
        """

    def answers(self, site: str, given: Mapping[str, Json]) -> dict[str, Json] | None:
        """The variables that the files of a site named `site` see; None when `given` has problems."""

    def reads(self, path: str) -> frozenset[ReadPath] | None:
        """What the template file `path` can read, its name included: paths such as ("cilium", "mtu").

        None when only a run can tell.
        """

    def givens(self) -> Mapping[str, frozenset[ReadPath] | None]:
        """File in the fleet repository, as in `Manifest.source` -> what it depends on of all that a site is given.

        None when only a run can tell.
        """

    def used(self) -> frozenset[ReadPath] | None:
        """What any text of the template can read: files, their names, settings, questions.

        None when only a run can tell.
        """

    def made_files(self, site: str, given: Mapping[str, Json]) -> Iterator[MadeFile]:
        """What is made for a site, nothing of it rendered but paths. Raises what the template raises."""

    def default_of(self, name: str) -> tuple[Origin, frozenset[str]] | None:
        """Where a variable is declared, and the names that its default is made of; None for an unknown one."""

    @property
    def environment(self) -> TemplateEnvironment:
        """What its texts are compiled in."""
