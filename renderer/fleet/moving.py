"""Objects that would move between a site's base and its own part.

In: the objects of what is new, and what is published. Out: problems; warnings where a reason was given.
Never: asks for a base twice.

A cluster applies the base and the part one after the other, each with a list of its own of what it has applied. What
left one list and still belongs to it is removed from the cluster, with all that hangs on it. From the base to the part,
that is so always: the base goes first. From the part to the base, it is so where the cluster finds the new part before
it finds the new base.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from renderer import diff, pack, publish
from renderer.errors import Code, PublishError
from renderer.types import Digest, Problem, Severity

if TYPE_CHECKING:
    from collections.abc import Collection

    from renderer.fleet.press import Made
    from renderer.fleet.run import Run
    from renderer.types import ObjectKey, Reference

_NAMED: Final = 3
_HINT: Final = (
    "leave them where they are, or give them other names; or accept that they are removed and made anew, with a "
    "reason: --waive-moves"
)


@dataclass(slots=True)
class Moves:
    """Answers for one publication. What cannot be read raises PublishError."""

    run: Run
    _bases: dict[str, frozenset[ObjectKey]] = field(default_factory=dict)
    _contents: dict[str, Digest | None] = field(default_factory=dict)

    def content_there(self, key: str, region: str) -> Digest | None:
        """The content of a base as it is published, by what its manifest says; None when there is none."""
        if key not in self._contents:
            found = next(publish.earlier(self.run.target, self.run.destination.base(key, region)), None)
            said = publish.manifest_annotations(found[1]).get(pack.CONTENT_ANNOTATION) if found else None
            self._contents[key] = Digest.parse(said) if said else None
        return self._contents[key]

    def of_base(self, key: str, region: str) -> frozenset[ObjectKey]:
        """The objects of a base as clusters have it now; none when there is no such base."""
        if key not in self._bases:
            # A site that came to another region has its base where it was.
            regions = dict.fromkeys((region, *self.run.destination.regions))
            places = dict.fromkeys(self.run.destination.base(key, one) for one in regions)
            found = (self._published(place) for place in places)
            files = next((files for files in found if files is not None), {})
            self._bases[key] = frozenset(diff.read_objects(files))
        return self._bases[key]

    def to_part(self, made: Made, key: str, objects: Collection[ObjectKey]) -> tuple[Problem, ...]:
        """What is wrong with a part that has `objects`, at a site that has the base `key` until now."""
        try:
            moving = self.of_base(key, made.region).intersection(objects)
        except PublishError as error:
            return _of_site(made.site, error)
        return self._told(made.site, moving, "the base", "the site's part")

    def to_base(self, made: Made, gained: frozenset[ObjectKey]) -> tuple[Problem, ...]:
        """What is wrong with a base that has `gained` objects which the site's base of until now has not."""
        place = self.run.destination.repository(made.site, made.region)
        try:
            part = None if isinstance(place, Problem) else self._published(place)
            moving = gained.intersection(diff.read_objects(pack.own_files(part))) if part else frozenset()
        except PublishError as error:
            return _of_site(made.site, error)
        return self._told(made.site, moving, "the site's part", "the base")

    def _told(self, site: str, moving: Collection[ObjectKey], before: str, after: str) -> tuple[Problem, ...]:
        if not moving:
            return ()
        named = sorted(moving)
        more = f" and {len(named) - _NAMED:,} more" if len(named) > _NAMED else ""
        listed = f"{', '.join(map(str, named[:_NAMED]))}{more}"
        what = f"objects would go from {before} to {after}, and the cluster would remove them before: {listed}"
        severity = Severity.WARNING if self.run.moving else Severity.ERROR
        return (Problem(Code.OBJECT_MOVES, what, hint=_HINT, site=site, severity=severity),)

    def _published(self, place: Reference) -> dict[str, bytes] | None:
        found = publish.published(self.run.target, place)
        return None if found is None else dict(found.files)


def _of_site(site: str, error: PublishError) -> tuple[Problem, ...]:
    return tuple(replace(problem, site=site) for problem in error.problems)
