"""Small templates and sites for the tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from renderer.render import compile_template, render_site
from renderer.types import Digest, Manifests, Problem, Rejected, Site, TemplateFile, TemplatePin, TemplateTree

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from renderer.render import Template


class Shelves:
    """Keeps what compiling gives, as the cache does."""

    def __init__(self) -> None:
        self.kept: dict[bytes, bytes] = {}

    def find(self, keys: Sequence[bytes]) -> Mapping[bytes, bytes]:
        return {key: self.kept[key] for key in keys if key in self.kept}

    def put(self, key: bytes, value: bytes) -> None:
        self.kept[key] = value


def make_tree(files: Mapping[str, str | bytes], name: str = "sample") -> TemplateTree:
    made = tuple(
        TemplateFile(path, 0o644, content.encode() if isinstance(content, str) else content)
        for path, content in sorted(files.items())
    )
    return TemplateTree(TemplatePin(name, "1.0.0"), f"templates/{name}/1.0.0", made, Digest.of(b""))


def make_template(files: Mapping[str, str | bytes], name: str = "sample") -> Template:
    return compile_template(make_tree({"copier.yml": "", **files}, name))


def make_site(name: str = "lab-1", labels: Mapping[str, str] | None = None, **values: Any) -> Site:
    return Site(name, f"sites/{name}.yaml", {"region": "eu", **(labels or {})}, values, (), ())


def problems_of(result: Manifests | Rejected) -> tuple[Problem, ...]:
    assert isinstance(result, Rejected), result
    return result.problems


def press(*templates: Template, site: Site | None = None) -> Manifests | Rejected:
    return render_site(site or make_site(), "labs", templates)
