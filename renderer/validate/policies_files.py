"""The fleet's own policies in schemas/policies.

In: file names and contents, the labels of the fleet. Out: policies ready to judge, and everything wrong with the files.
Never: uses a policy with a mistake in it, or one of Kubernetes: what has an apiVersion is none of the fleet's own.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from renderer.errors import Code
from renderer.strict_yaml import RENDERED_LIMITS, YamlError, load_all
from renderer.types import SITE_KEY, Document, KeyPath, Problem, Scope, Severity
from renderer.validate.inputs import check_input
from renderer.validate.policies_bounds import Forbidden, Limit, Limits, Objects, Only
from renderer.validate.policies_hosts import WORDS, Allowed
from renderer.validate.policies_images import ImagePattern, Pin
from renderer.validate.policies_kinds import Header, Policy
from renderer.validate.policies_residency import AllowedHosts, AllowedRegistries, Egress, Images, Registries, Required
from renderer.validate.rules_quantity import quantity
from renderer.validate.scopes import scope_flaws

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping


_LISTS = ("allow", "require", "limits", "forbid", "only")


@dataclass(slots=True)
class OwnPolicies:
    """What schemas/policies holds of the fleet's own: policies in the order of their names, `problems` of the files."""

    policies: list[Policy] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    @classmethod
    def of(cls, files: Iterable[tuple[str, bytes]], labels: Mapping[str, tuple[str, ...]]) -> OwnPolicies:
        """Read `files`; `labels` are those that every site of the fleet has, with their values."""
        found = cls()
        seen: dict[str, Problem] = {}
        for file, content in files:
            for document in _documents(file, content):
                found._take(document, labels, seen)
        found.policies.sort(key=lambda one: one.header.name)
        return found

    def _take(self, document: Document, labels: Mapping[str, tuple[str, ...]], seen: dict[str, Problem]) -> None:
        problems = check_input("policy", document) or [*_judged(document, labels)]
        value: Any = document.value
        if not problems:
            where = document.origin(("name",))
            what = f"the policy {value['name']} stands twice"
            twice = Problem(Code.POLICY_DUPLICATE, what, where, "give one of them another name")
            if value["name"] in seen:
                problems = [twice]
            seen.setdefault(value["name"], twice)
        self.problems += problems
        if not problems:
            self.policies.append(_READERS[value["kind"]](_header(document), value))


def is_own(value: object) -> bool:
    """Whether a document of schemas/policies is meant as a policy of the fleet's own: Kubernetes' have metadata."""
    return isinstance(value, dict) and not ({"apiVersion", "metadata"} & value.keys())


def _documents(file: str, content: bytes) -> Iterator[Document]:
    try:
        documents = load_all(content, file, limits=RENDERED_LIMITS)
    except YamlError:
        return  # told by those who read the policies of Kubernetes in the same files
    yield from (document for document in documents if is_own(document.value))


def _judged(document: Document, labels: Mapping[str, tuple[str, ...]]) -> Iterator[Problem]:
    """What the schema cannot see: labels and values that do not exist, patterns that mean nothing."""
    value: Any = document.value
    for key in _LISTS:
        for index, entry in enumerate(value.get(key, ())):
            path = (key, index)
            if SITE_KEY in entry.get("sites", {}):
                what = "a policy cannot name single sites"
                hint = "choose them by a label, or waive what it finds there"
                yield Problem(Code.POLICY_SCOPE, what, document.origin((*path, "sites", SITE_KEY)), hint)
            for where, what, hint in scope_flaws(Scope.parse(entry.get("sites")), labels, free=False):
                yield Problem(Code.POLICY_SCOPE, what, document.origin((*path, "sites", *where)), hint)
            for place, what, hint in _pattern_flaws(entry):
                yield Problem(Code.POLICY_PATTERN, what, document.origin((*path, *place)), hint)


def _pattern_flaws(entry: Mapping[str, Any]) -> Iterator[tuple[KeyPath, str, str]]:
    readers: tuple[tuple[str, Callable[[str], object], str], ...] = (
        ("hosts", lambda text: Allowed.parse([text], []), "write NAME or *.NAME; addresses go into networks"),
        (
            "networks",
            lambda text: Allowed.parse([], [text]),
            f"write a network such as 10.0.0.0/8, or {', '.join(WORDS)}",
        ),
        ("registries", ImagePattern.parse, "write HOST, HOST/PATH or *.HOST"),
        ("images", ImagePattern.parse, "write HOST, HOST/PATH or *.HOST"),
        ("except", ImagePattern.parse, "write HOST, HOST/PATH or *.HOST"),
    )
    for key, read, hint in readers:
        for index, text in enumerate(entry.get(key, ())):
            try:
                read(text)
            except ValueError as error:
                yield (key, index), f"{text[:60]} cannot be used: {error}", hint


def _header(document: Document) -> Header:
    value: Any = document.value
    severity = Severity(value.get("severity", "error"))
    return Header(
        value["name"], value.get("why", ""), severity, value.get("waivable", True), document.origin(("name",))
    )


def _sites(entry: Mapping[str, Any]) -> Scope:
    return Scope.parse(entry.get("sites"))


def _patterns(entry: Mapping[str, Any], key: str) -> tuple[ImagePattern, ...]:
    return tuple(map(ImagePattern.parse, entry.get(key, ())))


def _registries(header: Header, value: Mapping[str, Any]) -> Policy:
    return Registries(
        header, tuple(AllowedRegistries(_sites(one), _patterns(one, "registries")) for one in value["allow"])
    )


def _egress(header: Header, value: Mapping[str, Any]) -> Policy:
    entries = [(one, Allowed.parse(one.get("hosts", ()), one.get("networks", ()))) for one in value["allow"]]
    return Egress(header, tuple(AllowedHosts(_sites(one), hosts) for one, hosts in entries))


def _images(header: Header, value: Mapping[str, Any]) -> Policy:
    return Images(
        header,
        tuple(
            Required(
                _sites(one), Pin(one["pin"]), one.get("parts", 3), _patterns(one, "images"), _patterns(one, "except")
            )
            for one in value["require"]
        ),
    )


def _limits(header: Header, value: Mapping[str, Any]) -> Policy:
    return Limits(header, tuple(map(_limit, value["limits"])))


def _limit(entry: Mapping[str, Any]) -> Limit:
    requests = entry.get("requests", {})
    return Limit(
        _sites(entry),
        entry.get("nodes", 1),
        objects=entry.get("objects"),
        size=quantity(entry.get("bytes")),
        kinds=dict(entry.get("kinds", {})),
        pods=entry.get("pods"),
        cpu=quantity(requests.get("cpu")),
        memory=quantity(requests.get("memory")),
        storage=quantity(entry.get("storage")),
        volume=quantity(entry.get("volume")),
    )


def _objects(header: Header, value: Mapping[str, Any]) -> Policy:
    def some(entry: Mapping[str, Any], key: str) -> tuple[str, ...] | None:
        return tuple(entry[key]) if key in entry else None

    forbidden = (
        Forbidden(_sites(one), some(one, "kinds"), some(one, "namespaces"), some(one, "names"))
        for one in value.get("forbid", ())
    )
    only = (Only(_sites(one), some(one, "kinds"), some(one, "namespaces")) for one in value.get("only", ()))
    return Objects(header, tuple(forbidden), tuple(only))


_READERS: Mapping[str, Callable[[Header, Mapping[str, Any]], Policy]] = {
    "Registries": _registries,
    "Egress": _egress,
    "Images": _images,
    "Limits": _limits,
    "Objects": _objects,
}
