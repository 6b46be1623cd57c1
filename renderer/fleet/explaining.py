"""Leads the fields of a rendered object back to template lines, variables and the files that set them.

In: a workspace, a site, an object and a field. Out: for each leaf an Explained. Never: validates: a site that fails can
be explained too, as long as it renders.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

from renderer import overlay, read, render, strict_yaml
from renderer.errors import Code, ConfigurationError
from renderer.fleet.locating import on_one_way
from renderer.report.explained import Explained
from renderer.types import Document, ObjectKey, Problem, Rejected

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from renderer.fleet.workspace import Workspace
    from renderer.render import Blame, Blamed
    from renderer.types import Json, KeyPath, Manifest, Manifests, Origin, Site, Trace

# name, ["na.me"], [3], [name=web]
_STEP: Final = re.compile(r'\.?(?:([^.\[\]"=]+)|\["([^"]*)"\]|\[(\d+)\]|\[([^=\[\]"]+)=([^\[\]]*)\])')


def explain_object(space: Workspace, name: str, target: str, wanted: str = "") -> list[Explained]:
    """The leaves at or below the field `wanted` of the object `target`, `KIND[.GROUP]/[NAMESPACE/]NAME`.

    Raises ConfigurationError: no such site, object or field, or a site that cannot be rendered.
    """
    site = space.site(space.file(name))
    if isinstance(site, Rejected):
        raise ConfigurationError(f"site {name} cannot be read", problems=site.problems)
    explainer = Explainer(space, site)
    found = explainer.find(target)
    starts = [(document, manifest, _resolve(document.value, wanted)) for document, manifest in found]
    leaves = [
        leaf
        for document, manifest, start in starts
        if start is not None
        for leaf in explainer.leaves(document, manifest, start)
    ]
    if not leaves:
        raise _unknown(f"{target} has no field {wanted!r}", "fields are written like spec.containers[name=web].image")
    return leaves


@dataclass(slots=True)
class Explainer:
    """One site, rendered; what was found out about a file is kept. Raises ConfigurationError when it cannot be."""

    space: Workspace
    site: Site
    templates: list[render.Template] = field(init=False)
    rendered: Manifests = field(init=False)
    final: Manifests = field(init=False)
    edited: dict[str, Origin] = field(default_factory=dict)
    traces: tuple[Trace, ...] = ()
    blamed: dict[str, Blamed | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.templates = [render.compile_template(self.space.tree(pin)) for pin in self.site.templates]
        self.rendered = _or_raise(render.render_site(self.site, self.space.fleet.name, self.templates))
        overlaid = overlay.Overlayer(read.merge_patch).apply(self.rendered, self.space.overlays.of(self.site))
        if isinstance(overlaid, Rejected):
            raise ConfigurationError(f"site {self.site.name} cannot be rendered", problems=overlaid.problems)
        self.final, self.edited = overlaid.manifests, dict(overlaid.edited)
        self.traces = self.space.trace(self.space.file(self.site.name))

    def find(self, target: str) -> list[tuple[Document, Manifest]]:
        """The documents that `target` names: one, as a rule."""
        kind, _, rest = target.partition("/")
        known: dict[str, list[tuple[Document, Manifest]]] = {}
        for document, manifest in _documents(self.final):
            known.setdefault(str(ObjectKey.of(_map(document.value))), []).append((document, manifest))
        for key, found in known.items():
            # The group and the namespace may be left out.
            head, _, tail = key.partition("/")
            if kind in {head, head.partition(".")[0]} and rest in {tail, tail.rpartition("/")[2]}:
                return found
        close = get_close_matches(target, known, n=3)
        hint = (
            f"did you mean {', '.join(close)}?" if close else f"`fleetpress render {self.site.name}` shows all objects"
        )
        raise _unknown(f"site {self.site.name} renders no {target}", hint)

    def known(self, key: ObjectKey) -> list[tuple[Document, Manifest]]:
        """The documents of an object."""
        return [found for found in _documents(self.final) if ObjectKey.of(_map(found[0].value)) == key]

    def leaves(self, document: Document, manifest: Manifest, start: KeyPath) -> Iterator[Explained]:
        """What is known of each leaf at or below the field `start`."""
        before = self._before(document, manifest)
        for path, value in _leaves(_at(document.value, start), start):
            place = document.origin(path)
            if manifest.path not in self.edited:
                yield self._explained(path, value, place, self._blames(manifest.path, place.line, value))
            elif before is not None and _same(before.value, path, value):
                origin = before.origin(path)
                yield self._explained(path, value, place, self._blames(manifest.path, origin.line, value))
            else:
                yield Explained(path, value, place, self.edited[manifest.path])

    def _before(self, document: Document, manifest: Manifest) -> Document | None:
        """The same object as it was before overlays."""
        if manifest.path not in self.edited:
            return None
        key = ObjectKey.of(_map(document.value))
        found = (one for one, made in _documents(self.rendered) if made.path == manifest.path)
        return next((one for one in found if ObjectKey.of(_map(one.value)) == key), None)

    def _blames(self, path: str, line: int, value: Json) -> list[Blame]:
        """The blames of a value's lines: a text may have many, each with variables of its own."""
        if path not in self.blamed:
            made = (render.blame_lines(one, self.site, self.space.fleet.name, path) for one in self.templates)
            self.blamed[path] = next((found for found in made if found is not None), None)
        blamed = self.blamed[path]
        if blamed is None:
            return []
        last = line + value.count("\n") if isinstance(value, str) else line
        found = (blamed.at(number) for number in range(line, last + 1))
        return [blame for blame in found if blame is not None]

    def _explained(self, path: KeyPath, value: Json, place: Origin, blames: Sequence[Blame]) -> Explained:
        reads = dict.fromkeys(read for blame in blames for read in blame.reads)
        values = [trace for trace in self.traces if trace.path[0] != "templates"]
        causes = {trace.path: trace for read in reads for trace in values if on_one_way(trace.path[1:], read)}
        defaults = tuple(dict.fromkeys(origin for blame in blames for origin in blame.defaults))
        origin = blames[0].origin if blames else None
        return Explained(path, value, place, origin, tuple(causes.values()), defaults)


def _documents(manifests: Manifests) -> Iterator[tuple[Document, Manifest]]:
    for one in manifests.files:
        if one.path.endswith((".yaml", ".yml", ".json")):
            for document in strict_yaml.load_all(one.content, one.path):
                if isinstance(document.value, dict):
                    yield document, one


def _or_raise(made: Manifests | Rejected) -> Manifests:
    if isinstance(made, Rejected):
        raise ConfigurationError(f"site {made.site} cannot be rendered", problems=made.problems)
    return made


def _map(value: Json) -> dict[str, Json]:
    return value if isinstance(value, dict) else {}


def _resolve(value: Json, wanted: str) -> KeyPath | None:
    """The path of a field in `value`; None when it is not there."""
    path: list[str | int] = []
    at = 0
    while at < len(wanted):
        match = _STEP.match(wanted, at)
        if match is None:
            return None
        name, quoted, index, key, item = match.groups()
        step = _step(value, name or quoted, index, (key, item) if key else None)
        if step is None:
            return None
        value = value[step]  # type: ignore[index]
        path.append(step)
        at = match.end()
    return tuple(path)


def _step(value: Json, name: str | None, index: str | None, item: tuple[str, str] | None) -> str | int | None:
    if name is not None:
        return name if isinstance(value, dict) and name in value else None
    if not isinstance(value, list):
        return None
    if index is not None:
        return int(index) if int(index) < len(value) else None
    assert item is not None, "the pattern has no fourth form"  # noqa: S101
    return next((n for n, one in enumerate(value) if isinstance(one, dict) and str(one.get(item[0])) == item[1]), None)


def _at(value: Json, path: KeyPath) -> Json:
    for step in path:
        value = value[step]  # type: ignore[index]
    return value


def _same(value: Json, path: KeyPath, wanted: Json) -> bool:
    try:
        return _at(value, path) == wanted
    except (KeyError, IndexError, TypeError):
        return False


def _leaves(value: Json, path: KeyPath) -> Iterator[tuple[KeyPath, Json]]:
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from _leaves(inner, (*path, key))
    elif isinstance(value, list) and value:
        for number, inner in enumerate(value):
            yield from _leaves(inner, (*path, number))
    else:
        yield path, value


def _unknown(what: str, hint: str) -> ConfigurationError:
    return ConfigurationError(what, problems=[Problem(Code.VALUE_UNKNOWN, what, hint=hint)])
