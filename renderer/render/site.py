"""Renders one site with all its templates.

In: a Site and its compiled templates. Out: Manifests, or Rejected with every problem found.
Never: raises for a site's trouble, or changes what it was given.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from renderer.errors import Code
from renderer.render.allowance import TimeUsedUp, allowance
from renderer.render.faults import explain
from renderer.render.limits import MAX_SITE_BYTES, MAX_SITE_OBJECTS
from renderer.render.suggest import did_you_mean
from renderer.types import Manifest, Manifests, Origin, Problem, Rejected

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from renderer.render.interface import Template
    from renderer.types import Json, Site

_WORD = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-")


def render_site(site: Site, fleet_name: str, templates: Sequence[Template]) -> Manifests | Rejected:
    """Render `site` with `templates`, the ones it pins, in the order of their names."""
    files, problems = _render(site, fleet_name, templates)
    return _outcome(site, files, problems or [*_whole_site_problems(site, files)])


def render_alone(site: Site, fleet_name: str, template: Template) -> Manifests | Rejected:
    """Render one template as a part of `site`: whether the whole would do for a site is not asked."""
    return _outcome(site, *_render(site, fleet_name, [template]))


def _render(site: Site, fleet_name: str, templates: Sequence[Template]) -> tuple[list[Manifest], list[Problem]]:
    given = given_of(site, fleet_name)
    problems = list(_unknown_values(site, templates))
    files: list[Manifest] = []
    running: Template | None = None
    try:
        with allowance():
            for running in templates:
                rendered = running.render(site.name, given)
                files += rendered.files
                problems += rendered.problems
    except TimeUsedUp as error:
        return files, [*problems, *_used_up(running, error)]
    return files, [*problems, *_conflicts(files)]


def _used_up(template: Template | None, error: TimeUsedUp) -> Iterator[Problem]:
    """The problem of the template that was running when the site's time was used up; the ones after it did not run."""
    if template is not None:
        environment = template.environment
        fault = explain(error, environment, error.where or Origin(environment.folder))
        yield Problem(fault.code, fault.what, fault.where, fault.hint)


def _outcome(site: Site, files: list[Manifest], problems: list[Problem]) -> Manifests | Rejected:
    if problems:
        return Rejected(site.name, tuple(_with_site(site, problem) for problem in problems))
    return Manifests(site.name, tuple(sorted(files, key=lambda file: file.path)))


# Most files are those of many sites.
@lru_cache(maxsize=4_096)
def _most_objects(content: bytes) -> int:
    """An object has a kind, and a document a beginning: a file has no more of them than these."""
    return content.count(b"kind") + content.count(b"\n---")


def _has_word(content: bytes, word: bytes) -> bool:
    """Whether `word` is a word of the kind that Kubernetes names are: lab-1 is neither in lab-10 nor in lab-1-old."""
    start = content.find(word)
    while start >= 0:
        if not (_in_word(content, start - 1) or _in_word(content, start + len(word))):
            return True
        start = content.find(word, start + 1)
    return False


def _in_word(content: bytes, index: int) -> bool:
    return 0 <= index < len(content) and content[index] in _WORD


def names_site(files: Sequence[Manifest], name: str) -> bool:
    """Whether one of the files contains the site's name."""
    word = name.encode()
    return any(_has_word(file.content, word) for file in files)


def given_of(site: Site, fleet_name: str) -> dict[str, Json]:
    """All that a site gives to its templates, in one namespace."""
    return {**site.values, **site.labels, "site": site.name, "fleet": fleet_name}


def _with_site(site: Site, problem: Problem) -> Problem:
    return replace(problem, site=site.name)


def _unknown_values(site: Site, templates: Sequence[Template]) -> Iterator[Problem]:
    asked = {name for template in templates for name in template.variables}
    for key in site.values:
        if key not in asked:
            what = f"no template of the site asks for {key}"
            yield Problem(Code.VALUE_UNKNOWN, what, None, did_you_mean(key, asked, "remove it"), key=key)


def _conflicts(files: Sequence[Manifest]) -> Iterator[Problem]:
    first: dict[str, Manifest] = {}
    for file in files:
        other = first.setdefault(file.path, file)
        if other is not file:
            what = f"{other.source} and {file.source} both make {file.path}"
            yield Problem(Code.OUTPUT_CONFLICT, what, Origin(file.source), "rename one of them, or leave one out")
    for file in first.values():
        for folder in _folders(file.path):
            parent = first.get(folder)
            if parent is not None:
                what = f"{parent.source} makes a file {parent.path}, and {file.source} a folder of that name"
                yield Problem(Code.OUTPUT_CONFLICT, what, Origin(file.source), "rename one of them")


# A function of the path alone, and sites share their paths.
@lru_cache(maxsize=10_000)
def _folders(path: str) -> tuple[str, ...]:
    return tuple(path[:index] for index, character in enumerate(path) if character == "/")


def _whole_site_problems(site: Site, files: Sequence[Manifest]) -> Iterator[Problem]:
    size = sum(len(file.content) for file in files)
    if size > MAX_SITE_BYTES:
        what = f"the site's files have {size:,} bytes, {MAX_SITE_BYTES:,} are the most"
        yield Problem(Code.RENDER_LIMIT, what, None, "leave files out, or make them smaller")
    objects = sum([_most_objects(file.content) for file in files])
    if objects > MAX_SITE_OBJECTS:
        what = f"the site's files have up to {objects:,} objects, {MAX_SITE_OBJECTS:,} are the most"
        yield Problem(Code.RENDER_LIMIT, what, None, "render fewer of them")
    if files and not names_site(files, site.name):
        what = f"no file contains the site's name {site.name}: its artifact could be taken for another site's"
        hint = "let one template write it, for instance into a ConfigMap: {{ site }}"
        yield Problem(Code.SITE_NOT_NAMED, what, None, hint)
