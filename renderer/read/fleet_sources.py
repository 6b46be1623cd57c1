"""`templates` in fleet.yaml: the folder of templates, and the sources of those that come from elsewhere.

In: a value that the fleet's schema accepts. Out: the folder's path, sources by template, and what is wrong with them.
Never: contacts a source.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from renderer.read.git_address import address_flaw, path_flaw, ref_flaw
from renderer.types import GitSource, OciSource, Reference

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from renderer.types import Document, Origin, TemplateSource

DEFAULT_FOLDER: Final = "../../templates"
_VERSION, _NAME = "{version}", "{name}"
# A version that stands for all in the check of a tag's form.
_ANY: Final = "1.0.0"
_GIT_ONLY: Final = ("tag", "branch")


def templates_folder(value: Mapping[str, Any]) -> str:
    """The folder of templates, relative to fleet.yaml."""
    templates = value.get("templates", DEFAULT_FOLDER)
    return str(templates.get("path", DEFAULT_FOLDER) if isinstance(templates, dict) else templates)


def template_sources(value: Mapping[str, Any], document: Document) -> Mapping[str, TemplateSource]:
    """The sources by template; for a value without flaws."""
    return {
        name: _source(name, raw, document.origin(("templates", "sources", name))) for name, raw in _raw(value).items()
    }


def lenient_templates(value: Mapping[str, Any]) -> frozenset[str]:
    """The templates that are read as leniently as Copier reads them."""
    templates = value.get("templates")
    return frozenset(templates.get("compat") or {}) if isinstance(templates, dict) else frozenset()


def source_flaws(value: Mapping[str, Any]) -> Iterator[tuple[str, tuple[str, ...], str]]:
    """(what, key path in fleet.yaml, hint) for everything that a schema cannot say."""
    for name, raw in _raw(value).items():
        for what, key, hint in _flaws(name, raw):
            yield f"the source of {name}: {what}", ("templates", "sources", name, *key), hint


def _raw(value: Mapping[str, Any]) -> dict[str, Any]:
    templates = value.get("templates")
    return dict(templates.get("sources") or {}) if isinstance(templates, dict) else {}


def _source(name: str, raw: Mapping[str, str], where: Origin) -> TemplateSource:
    path = raw.get("path", "").replace(_NAME, name)
    if "oci" in raw:
        return OciSource(Reference.parse(raw["oci"].removeprefix("oci://")), path, where)
    return GitSource(raw["git"], raw.get("tag", _VERSION).replace(_NAME, name), raw.get("branch"), path, where)


def _flaws(name: str, raw: Mapping[str, str]) -> Iterator[tuple[str, tuple[str, ...], str]]:
    if ("git" in raw) == ("oci" in raw):
        yield "expected either git or oci", (), "name one place"
        return
    yield from _oci_flaws(raw) if "oci" in raw else _git_flaws(name, raw)
    if "path" in raw and (flaw := path_flaw(raw["path"].replace(_NAME, name))):
        yield flaw, ("path",), "correct it, or leave it out for the top"


def _oci_flaws(raw: Mapping[str, str]) -> Iterator[tuple[str, tuple[str, ...], str]]:
    for key in _GIT_ONLY:
        if key in raw:
            yield f"{key} belongs to git; the versions of an OCI repository are its tags", (key,), "remove it"
    hint = "write it like oci://registry.labs.example/templates/edge-platform"
    try:
        reference = Reference.parse(raw["oci"].removeprefix("oci://"))
    except ValueError:
        yield "expected oci://HOST/PREFIX/REPOSITORY", ("oci",), hint
        return
    if reference.tag or reference.digest or "/" not in reference.repository:
        yield "expected oci://HOST/PREFIX/REPOSITORY without tag or digest", ("oci",), hint


def _git_flaws(name: str, raw: Mapping[str, str]) -> Iterator[tuple[str, tuple[str, ...], str]]:
    if flaw := address_flaw(raw["git"]):
        yield flaw[0], ("git",), flaw[1]
    tag = raw.get("tag", _VERSION)
    if tag.count(_VERSION) != 1:
        yield "expected a tag with {version} in it, once", ("tag",), "write it like v{version} or {name}-{version}"
    elif flaw_ := ref_flaw(tag.replace(_VERSION, _ANY).replace(_NAME, name)):
        yield f"the tag: {flaw_}", ("tag",), "write it like v{version} or {name}-{version}"
    if "branch" in raw and (flaw_ := ref_flaw(raw["branch"])):
        yield f"the branch: {flaw_}", ("branch",), "name a branch, such as main"
