"""What sites of a cohort may share: files of which the templates tell that they read nothing of a site alone.

In: compiled templates, fleet.yaml's publishing settings, a site and its manifests. Out: which files are shared, and
what about a site does not go together with sharing.
Never: looks at what a site's values are, only at what its own file sets.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from posixpath import basename, dirname
from typing import TYPE_CHECKING, Final

from renderer import pack, render, validate
from renderer.errors import Code, ConfigurationError
from renderer.fleet.locating import on_one_way
from renderer.types import Origin, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from renderer.render import Template
    from renderer.types import Fleet, Json, KeyPath, Manifests, Publishing, Site

_SITE: Final = ("site",)


@dataclass(frozen=True, slots=True)
class SharedFiles:
    """The template files of which a cohort shares what they render to; `reads` tells by name what they depend on.

    Each of its items is a path below values and labels, and the file that depends on it.
    """

    files: frozenset[str]
    reads: Mapping[str, tuple[tuple[KeyPath, str], ...]]
    _known: dict[KeyPath, str | None] = field(default_factory=dict)

    @classmethod
    def of(cls, templates: Sequence[Template], publishing: Publishing) -> SharedFiles:
        """Of a site with these templates, whatever else it is."""
        reads: dict[str, list[tuple[KeyPath, str]]] = defaultdict(list)
        files = set()
        for template in templates:
            for file, paths in template.givens().items():
                if paths is None or kept_out(paths, publishing):
                    continue
                files.add(file)
                for path in sorted(paths, key=repr):
                    reads[str(path[0])].append((path, file))
        return cls(frozenset(files), {name: tuple(found) for name, found in reads.items()})

    def changed(self, path: KeyPath, own: Sequence[KeyPath], layered: Mapping[str, Json]) -> str | None:
        """A shared file that another one would be for a site that sets `path`; None when there is none.

        What is declared to be a site's `own` is read by no shared file. But to set it makes maps of all that is above:
        where the layers have none, what stands there instead is gone, for that site alone.
        """
        covering = next((one for one in own if path[: len(one)] == one), None)
        if covering is None:
            return self._reader(path)
        above: Json = dict(layered)
        for depth in range(len(covering) - 1):
            above = above.get(str(covering[depth])) if isinstance(above, dict) else None
            if not isinstance(above, dict):
                return self._reader(covering[: depth + 1])
        return None

    def _reader(self, path: KeyPath) -> str | None:
        """A shared file that depends on what is at, above or below `path`."""
        if path not in self._known:
            readers = (file for read, file in self.reads.get(str(path[0]), ()) if on_one_way(read, path))
            self._known[path] = next(readers, None)
        return self._known[path]


def kept_out(paths: Iterable[KeyPath], publishing: Publishing) -> tuple[str, ...]:
    """What of a site alone a file depends on that reads `paths`: none of it, and the file is shared."""
    found = {one for path in paths for one in (_SITE, *publishing.own) if on_one_way(path, one)}
    return tuple(sorted(map(".".join, found)))


def refuse_shared(fleet: Fleet, what: str, hint: str) -> None:
    """Raise ConfigurationError when the fleet's sites share bases, with which something does not go together."""
    if fleet.publishing.shared:
        told = f"the sites of {fleet.name} share bases, and {what}"
        raise ConfigurationError(told, problems=[Problem(Code.BASE_MODE, told, hint=hint)])


def sharing_problems(
    fleet: Fleet, site: Site, layered: Mapping[str, Json], manifests: Manifests, shared: SharedFiles
) -> Iterator[Problem]:
    """What keeps a site from sharing a base with others; `layered` are the values that its layers add up to."""
    yield from _overrides(fleet, site, layered, shared)
    base, own = pack.split(manifests, shared.files)
    yield from _torn(manifests, base)
    if not any(file.content.strip() for file in base.files):
        what = "no file of the site can be shared: each reads the site's name, or what fleet.yaml says is its own"
        hint = "narrow publishing.own in fleet.yaml, or publish one artifact for each site"
        yield Problem(Code.BASE_UNFIT, what, hint=hint)
    if not render.names_site(own.files, site.name):
        what = f"no file of the site's own part contains its name {site.name}: it could be taken for another site's"
        yield Problem(Code.BASE_UNFIT, what, hint="let a template write it: {{ site }}")


def _overrides(fleet: Fleet, site: Site, layered: Mapping[str, Json], shared: SharedFiles) -> Iterator[Problem]:
    """Values and free labels in the site's file that shared files depend on."""
    document = site.own
    value = document.value if document is not None else None
    if document is None or not isinstance(value, dict):
        return
    values = [("values", path) for path in leaves(value.get("values"))]
    labels = [("labels", (label,)) for label in site.labels if label not in fleet.labels]
    for section, path in (*values, *labels):
        reader = shared.changed(path, fleet.publishing.own, layered)
        if reader is None:
            continue
        dotted = ".".join(map(str, path))
        what = (
            f"the site's own file sets {dotted}, which {reader} depends on, and other sites share what that renders to"
        )
        hint = (
            f"set it in a layer, one for a label if need be; or add {dotted} to publishing.own in fleet.yaml: "
            "then nothing that reads it is shared"
        )
        yield Problem(Code.BASE_OVERRIDE, what, document.origin((section, *path)), hint, key=dotted)


def leaves(value: Json, path: KeyPath = ()) -> Iterator[KeyPath]:
    """The paths at which a merge patch sets or deletes something; an empty map sets one too."""
    if isinstance(value, dict) and (value or path):
        if not value:
            yield path
        for key, child in value.items():
            yield from leaves(child, (*path, key))
    elif path:
        yield path


def _torn(manifests: Manifests, base: Manifests) -> Iterator[Problem]:
    """Kustomizations of which the base has some files and the part others: kustomize would find neither whole."""
    in_base = {file.path for file in base.files}
    for file in manifests.files:
        if basename(file.path) not in validate.KUSTOMIZATIONS:
            continue
        folder = dirname(file.path)
        # A reference that leads out of the folder may lead anywhere.
        prefix = f"{folder}/" if folder and b"../" not in file.content else ""
        members = [one.path for one in manifests.files if one.path.startswith(prefix)]
        torn = [path for path in members if (path in in_base) != (file.path in in_base)]
        if torn:
            place, other = ("the base", "the site's part") if file.path in in_base else ("the site's part", "the base")
            what = f"{file.path} is in {place}, and {torn[0]}, which it may name, in {other}"
            hint = "leave kustomizations out: Flux applies every file of a folder without one"
            yield Problem(Code.BASE_UNFIT, what, Origin(file.source), hint)
