"""Compares one site with what its cluster has.

In: a workspace, a site, the text of `kubectl get -o yaml`. Out: what applying the site would change there.
Never: contacts a cluster: somebody exports its objects, and may do so on a machine that has no network but that one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from renderer import diff, engine, validate
from renderer.errors import Code, ConfigurationError
from renderer.fleet.locating import locate
from renderer.fleet.queries import check, tally
from renderer.strict_yaml import Limits, YamlError, load_all
from renderer.types import Problem

if TYPE_CHECKING:
    from renderer.fleet.workspace import Workspace
    from renderer.types import Manifests, ObjectChange

_LIMITS: Final = Limits(size=256 << 20, depth=128, nodes=20_000_000, aliases=1_000)


def compare_live(
    space: Workspace, name: str, export: bytes, file: str, *, all_live: bool = False
) -> tuple[ObjectChange, ...]:
    """From what the cluster has to what the site renders to. Raises ConfigurationError when either cannot be read."""
    rendered: dict[str, bytes] = {}

    def keep(manifests: Manifests) -> None:
        rendered.update({one.path: one.content for one in manifests.files})

    failed, problems = tally(check(space, [name], engine.Workers(1)), keep)
    if failed:
        raise ConfigurationError(f"site {name} cannot be rendered", problems=locate(space, problems))
    live = diff.by_key(_objects(export, file))
    before, after = diff.prepare(diff.read_objects(rendered), live, name, all_live=all_live)
    rules = diff.Rules(validate.Shapes(space.schemas), ignore_defaults=True)
    return diff.diff_objects(before, after, rules)


def _objects(export: bytes, file: str) -> list[diff.Object]:
    try:
        documents = load_all(export, file, limits=_LIMITS)
    except YamlError as error:
        raise _invalid(error.problems[0].what, file, error.problems) from None
    found = [value for document in documents for value in diff.objects_in(document.value)]
    maps = all(isinstance(document.value, dict) for document in documents)
    if not maps or not all(value.get("kind") and value.get("apiVersion") for value in found):
        raise _invalid("expected Kubernetes objects with apiVersion and kind", file, ())
    return found


def _invalid(what: str, file: str, problems: tuple[Problem, ...]) -> ConfigurationError:
    hint = "write it with `kubectl get KIND,... -A -o yaml`"
    where = problems[0].where if problems else None
    problem = Problem(Code.EXPORT_INVALID, f"{file} is no export of a cluster's objects: {what}", where, hint)
    return ConfigurationError(problem.what, problems=[problem])
