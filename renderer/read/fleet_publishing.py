"""`publishing` in fleet.yaml: whether sites share a base, and what is each site's own.

In: a value that the fleet's schema accepts. Out: a Publishing, and what is wrong with it that a schema cannot say.
Never: knows a template.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from renderer.read.files import quoted, similar
from renderer.read.layers import PLACEHOLDER
from renderer.types import Publishing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from renderer.types import KeyPath

_SHARED: Final = "shared-base"
# Sites of two regions never share a repository, whatever the layers are chosen by.
_ALWAYS: Final = "region"


def publishing_of(value: Mapping[str, Any]) -> Publishing:
    """How artifacts are cut; for a value without flaws."""
    raw: Mapping[str, Any] = value.get("publishing", {})
    if raw.get("mode") != _SHARED:
        return Publishing()
    cohorts = sorted({_ALWAYS, *_choosing(value), *raw.get("labels", ())})
    # A label with a list of values may still be one that is another for nearly every site: only some of them cohort.
    rest = {label for label in value["labels"] if label not in cohorts}
    own = {tuple(str(path).split(".")) for path in raw.get("own", ())} | {(label,) for label in rest}
    return Publishing(shared=True, own=tuple(sorted(own)), cohorts=tuple(cohorts))


def publishing_flaws(value: Mapping[str, Any]) -> Iterator[tuple[str, KeyPath, str]]:
    """(what, key path in fleet.yaml, hint) for everything that a schema cannot say."""
    raw: Mapping[str, Any] = value.get("publishing", {})
    cohorts = {_ALWAYS, *_choosing(value)}
    for key in ("own", "labels") if raw and raw.get("mode") != _SHARED else ():
        if key in raw:
            yield f"{key} is about the mode {_SHARED} only", ("publishing", key), f"add mode: {_SHARED}, or remove it"
    for index, label in enumerate(raw.get("labels", ())):
        if label not in value["labels"]:
            typo = similar(label, value["labels"])
            hint = f"did you mean {typo}?" if typo else "add it to labels, with the values it may take"
            yield f"there is no label {quoted(label)}", ("publishing", "labels", index), hint
        elif label in raw.get("own", ()):
            what = f"the label {label} cannot be each site's own and form cohorts"
            yield what, ("publishing", "labels", index), "remove it from one of the two"
    for index, path in enumerate(raw.get("own", ())):
        if path in cohorts:
            what = (
                f"the label {path} chooses layers or the registry, and so forms cohorts: it cannot be each site's own"
            )
            yield what, ("publishing", "own", index), "remove it"


def _choosing(value: Mapping[str, Any]) -> set[str]:
    """The labels that choose layers: with another of their values, a site has other values altogether."""
    return {label for layer in value["layers"] for label in PLACEHOLDER.findall(layer)}
