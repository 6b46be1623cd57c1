"""Our verdicts against those of the API server's own code: the examples, and what types say about their ends."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from renderer import strict_yaml
from renderer.types import Manifest, Manifests, SchemaSet, Severity
from tests.judges import api_server

if TYPE_CHECKING:
    from renderer.types import Problem
    from renderer.validate import Validator

EXAMPLES = Path(__file__).parents[1] / "examples"
_SECRET = "a plain Secret is no mistake to the API server; it is to us"
_TWICE = "the API server sees one object at a time, and would take the second as a change of the first"
_APPLY = (
    "the API server takes it when it creates, but not when it applies, as Flux does: list items need their own keys"
)
_NODE = "the API server takes it, and the kubelet never starts the pod"
# docs/reference/agreement.md gives these reasons too.
STRICTER = {
    "invalid/deployment-env-repeated": _APPLY,
    "invalid/deployment-ports-repeated": _APPLY,
    "invalid/duplicate-in-list": _TWICE,
    "invalid/duplicate-object": _TWICE,
    "invalid/rule-container-image": _NODE,
    "invalid/rule-metadata-server-field": "the store behind the validation refuses a resourceVersion on creation",
    "invalid/rule-namespace-pod-security": "an admission plugin refuses it, which the program does not have",
    "invalid/rule-probe-port-name": "the API server takes it, and the probe never succeeds",
    "invalid/rule-security-non-root": _NODE,
    "invalid/rule-service-families": "the allocator of addresses behind the validation refuses it",
    "invalid/rule-volume-medium": _NODE,
    "invalid/secret-data": _SECRET,
    "invalid/secret-in-list": _SECRET,
    "invalid/secret-string-data": _SECRET,
}
LAXER = {
    "valid/crd-and-its-resource": "the definition stands in the same file",
    "valid/kustomization": "Flux reads it; it is never sent to the API server",
    "valid/same-name-other-group": "the program does not have this kind",
    "valid/secret-sops": "Flux decrypts it before it is applied",
}

pytestmark = pytest.mark.slow


def documents(path: Path) -> list[dict[str, Any]] | None:
    """The objects of a file; None for one that is not YAML, or holds something else."""
    try:
        values: list[Any] = [one.value for one in strict_yaml.load_all(path.read_bytes(), path.name)]
    except strict_yaml.YamlError:
        return None
    flat = [item for value in values for item in (_items(value) if isinstance(value, dict) else [value])]
    return flat if all(isinstance(value, dict) for value in flat) else None


def _items(value: dict[str, Any]) -> list[Any]:
    return value["items"] if value.get("kind") == "List" and isinstance(value.get("items"), list) else [value]


def is_refused(problems: list[Problem]) -> bool:
    return any(problem.severity is Severity.ERROR for problem in problems)


def definitions(schema_set: SchemaSet) -> list[Any]:
    return [one.value for file, content in schema_set.crds for one in strict_yaml.load_all(content, file)]


def test_the_api_server_refuses_what_we_refuse(schema_set: SchemaSet, validator: Validator) -> None:
    paths = [path for kind in ("rendered", "cel") for path in sorted(EXAMPLES.glob(f"*/{kind}/*"))]
    objects = {path: found for path in paths if (found := documents(path)) is not None}
    asked = [value for found in objects.values() for value in found]
    said = iter(api_server.verdicts(definitions(schema_set), asked))

    differing: dict[str, tuple[object, object]] = {}
    agreed = {True: 0, False: 0}
    for path, found in objects.items():
        theirs = [error for _ in found for error in next(said).errors]
        file = Manifest(path.name, path.read_bytes())
        ours = validator.check(Manifests("lab", (file,)), api_server.MINOR)
        if is_refused(ours) == bool(theirs):
            agreed[bool(theirs)] += 1
        else:
            differing[f"{path.parent.parent.name}/{path.stem}"] = (ours, theirs)

    unexplained = {name: both for name, both in differing.items() if name not in STRICTER | LAXER}
    assert unexplained == {}
    assert differing.keys() == STRICTER.keys() | LAXER.keys()
    assert all(bool(theirs) is (name in LAXER) for name, (_, theirs) in differing.items())
    assert min(agreed.values()) > 350
