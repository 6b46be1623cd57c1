"""Semantic rules: what the API server refuses though the schema lets it through.

In: an object that fits its schema. Out: findings, each with the rule that made it.
Never: looks beyond the object, needs a cluster, or visits a place where no rule stands. The rules themselves stand in
the modules rules_<topic>; rules_table lists them all.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from renderer.types import Severity
from renderer.validate.wording import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from renderer.types import KeyPath

Breach: TypeAlias = "tuple[KeyPath, str]"
Find: TypeAlias = "Callable[[Any], Iterable[Breach]]"
Kinds: TypeAlias = "Mapping[tuple[str, str], str]"

ANY = ("*", "*")
EVERY_KIND: Kinds = {ANY: ""}


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that is asked of a place in objects.

    `kinds` says for each (group, kind) where `path` begins. In a path, `a|b` are alternatives, `[]` is every item of a
    list and `{}` every value of a mapping. `find` yields (key path below the place, words) for each breach. `asks` is
    the rule in words, `source` the function of Kubernetes that enforces it, or the part of Kubernetes that fails.
    `since` is the minor from which the API server refuses what is a warning before.
    """

    name: str
    kinds: Kinds
    path: str
    asks: str
    find: Find
    source: str
    hint: str = ""
    severity: Severity = Severity.ERROR
    since: str = ""

    def severity_in(self, minor: str) -> Severity:
        """How a breach is told for a minor such as 1.35."""
        refused = bool(self.since) and _number(minor) >= _number(self.since)
        return Severity.ERROR if refused else self.severity


class Finding(NamedTuple):
    """A breach of `rule` at `path` of the object."""

    rule: Rule
    path: KeyPath
    what: str


def value(  # noqa: PLR0913, PLR0917 - the columns of the table
    name: str,
    kinds: Kinds,
    path: str,
    holds: Callable[[Any], bool],
    asks: str,
    source: str,
    hint: str = "",
    *,
    severity: Severity = Severity.ERROR,
    since: str = "",
) -> Rule:
    """A rule about single values: each at `path` must satisfy `holds`."""

    def find(got: Any) -> Iterable[Breach]:
        return () if holds(got) else (((), f"expected {asks}, got {shown(got)}"),)

    return Rule(name, kinds, path, asks, find, source, hint, severity, since)


def one_of(name: str, kinds: Kinds, path: str, values: Iterable[str], source: str, *, empty: bool = True) -> Rule:
    """A rule about an enumeration; `empty`: the API server reads "" as not given, and fills in its default."""
    known = tuple(values)
    allowed = frozenset((*known, "")) if empty else frozenset(known)
    asks = f"one of {', '.join(known)}" if len(known) > 1 else known[0]
    return value(name, kinds, path, allowed.__contains__, asks, source)


def at_least(name: str, kinds: Kinds, path: str, least: int, source: str) -> Rule:
    """A rule about a number that must not be lower than `least`."""
    return value(name, kinds, path, lambda got: not isinstance(got, int) or got >= least, f"at least {least}", source)


def within(name: str, kinds: Kinds, path: str, bounds: tuple[int, int], source: str) -> Rule:
    """A rule about a number between two others, both included."""
    least, most = bounds
    return value(
        name,
        kinds,
        path,
        lambda got: not isinstance(got, int) or least <= got <= most,
        f"from {least} to {most}",
        source,
    )


def below(kinds: Kinds, prefix: str) -> Kinds:
    """`kinds` with all places moved down by `prefix`."""
    return {kind: _joined(start, prefix) for kind, start in kinds.items()}


def mapping(got: Any, *keys: str) -> dict[str, Any]:
    """The mapping below `keys`; empty where there is none."""
    for key in keys:
        got = got.get(key) if isinstance(got, dict) else None
    return got if isinstance(got, dict) else {}


def records(got: Any, key: str) -> list[tuple[int, dict[str, Any]]]:
    """The mappings in the list at `key`, numbered."""
    listed = got.get(key) if isinstance(got, dict) else None
    return [(index, one) for index, one in enumerate(listed or ()) if isinstance(one, dict)]


def given(got: Mapping[str, Any], keys: Iterable[str]) -> list[str]:
    """Those of `keys` that hold something."""
    return [key for key in keys if got.get(key) is not None]


@dataclass(slots=True)
class Step:
    """A place in objects: the rules that stand here, and the places below."""

    finds: list[tuple[Rule, Find]] = field(default_factory=list)
    fields: dict[str, Step] = field(default_factory=dict)
    each: Step | None = None


def compiled(rules: Iterable[Rule], group: str, kind: str) -> Step:
    """The places of a kind where one of `rules` stands."""
    root = Step()
    for rule in rules:
        start = rule.kinds.get((group, kind), rule.kinds.get(ANY))
        if start is not None:
            for step in _places(root, _joined(start, rule.path)):
                step.finds.append((rule, rule.find))
    return root


def findings(step: Step, got: Any) -> list[Finding]:
    """All breaches in `got`, an object or a part of one that fits its schema."""
    found: list[Finding] = []
    _visit(step, got, (), found)
    return found


def _visit(step: Step, got: Any, path: tuple[Any, ...], found: list[Finding]) -> None:
    """`path` is linked, (parent, key), for it is needed only where something is wrong."""
    for rule, find in step.finds:
        for below_here, what in find(got):
            found.append(Finding(rule, (*_unlinked(path), *below_here), what))
    if step.fields and isinstance(got, dict):
        # Objects mostly hold few of the fields that rules ask about.
        for key in got if len(got) < len(step.fields) else step.fields:
            child, inner = step.fields.get(key), got.get(key)
            if child is not None and inner is not None:
                _visit(child, inner, (path, key), found)
    if step.each is not None:
        for entry, inner in _entries(got):
            if inner is not None:
                _visit(step.each, inner, (path, entry), found)


def _number(minor: str) -> tuple[int, ...]:
    return tuple(int(part) for part in minor.split("."))


def _entries(got: Any) -> Iterable[tuple[str | int, Any]]:
    if isinstance(got, list):
        return enumerate(got)
    return got.items() if isinstance(got, dict) else ()


def _unlinked(path: tuple[Any, ...]) -> KeyPath:
    keys: list[str | int] = []
    while path:
        path, key = path
        keys.append(key)
    return tuple(reversed(keys))


def _joined(start: str, path: str) -> str:
    return f"{start}.{path}" if start and path else start or path


def _places(root: Step, path: str) -> list[Step]:
    steps = [root]
    for part in path.split(".") if path else ():
        names = part.rstrip("[]{}")
        steps = [step.fields.setdefault(name, Step()) for step in steps for name in names.split("|")]
        for _ in range((len(part) - len(names)) // 2):
            steps = [_each(step) for step in steps]
    return steps


def _each(step: Step) -> Step:
    if step.each is None:
        step.each = Step()
    return step.each
