"""Selectors: which sites are meant, by name, label, template, layer or value.

In: a text such as `ring=canary,region in (eu,us),template:edge-platform<1.4`. Out: a Selector that says of a site
whether it is meant, and how much of the site it has to know for that. Never: reads a site.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final, Protocol

from renderer import strict_yaml
from renderer.errors import Code, ConfigurationError
from renderer.read.files import one_of, quoted, similar
from renderer.read.ranges import allows, parse_version
from renderer.types import Json, Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from renderer.types import Fleet, Site

_HINT: Final = "write it like ring=canary,region in (eu,us),template:edge-platform<1.4"
_SET: Final = re.compile(r"([^\s()=!<>~^]+)\s+(in|notin)\s+\(([^()]*)\)")
_COMPARISON: Final = re.compile(r"([^\s()=!<>~^]+)\s*(==|=|!=|>=|<=|>|<|\^|~)\s*([^\s()](?:[^()]*[^\s()])?)")
_WORD: Final = re.compile(r"(!?)\s*([^\s()=!<>~^]+)")
_SPLIT: Final = re.compile(r",(?![^()]*\))")
_NAME: Final = "site"
_KINDS: Final = ("template", "layer", "value")
_ABSENT: Final = object()


class Need(IntEnum):
    """How much of a site has to be known; each more than the one before."""

    NAME = 0
    LABELS = 1
    MERGED = 2


class Term(Protocol):
    """One condition."""

    @property
    def need(self) -> Need:
        """What has to be known of a site."""
        ...

    def holds(self, name: str, labels: Mapping[str, str], site: Site | None) -> bool:
        """Whether a site meets the condition; `site` is there when it is needed."""
        ...


@dataclass(frozen=True, slots=True)
class Named:
    """The site's name is one of `names`, which may be globs such as `berlin-*`."""

    names: tuple[str, ...]
    negated: bool = False
    need: Need = Need.NAME

    def holds(self, name: str, labels: Mapping[str, str], site: Site | None) -> bool:
        """See `Term`."""
        del labels, site
        return any(fnmatchcase(name, pattern) for pattern in self.names) != self.negated


@dataclass(frozen=True, slots=True)
class Labelled:
    """The site's `label` is one of `values`; any value will do when there are none."""

    label: str
    values: tuple[str, ...] = ()
    negated: bool = False
    need: Need = Need.LABELS

    def holds(self, name: str, labels: Mapping[str, str], site: Site | None) -> bool:
        """See `Term`. A site without the label has none of the values."""
        del name, site
        found = labels.get(self.label)
        return (found is not None if not self.values else found in self.values) != self.negated


@dataclass(frozen=True, slots=True)
class Templated:
    """The site uses `template`, in a version that one of `ranges` allows; in any when there are none."""

    template: str
    ranges: tuple[str, ...] = ()
    negated: bool = False
    need: Need = Need.MERGED

    def holds(self, name: str, labels: Mapping[str, str], site: Site | None) -> bool:
        """See `Term`. A site without the template is not meant, whatever the version: `!template:NAME` finds those."""
        del name, labels
        assert site is not None, "what is needed is given"  # noqa: S101
        version = next((pin.version for pin in site.templates if pin.name == self.template), None)
        if not self.ranges:
            return (version is not None) != self.negated
        return version is not None and any(allows(one, version) for one in self.ranges) != self.negated


@dataclass(frozen=True, slots=True)
class Layered:
    """The site has one of `layers`, as paths relative to layers/, which may be globs."""

    layers: tuple[str, ...]
    negated: bool = False
    need: Need = Need.MERGED

    def holds(self, name: str, labels: Mapping[str, str], site: Site | None) -> bool:
        """See `Term`."""
        del name, labels
        assert site is not None, "what is needed is given"  # noqa: S101
        return any(fnmatchcase(layer, one) for layer in site.layers for one in self.layers) != self.negated


@dataclass(frozen=True, slots=True)
class Valued:
    """The value at `path` stands in the relation `operator` to one of `values`; it is there, when there are none."""

    path: tuple[str, ...]
    operator: str = "="
    values: tuple[Json, ...] = ()
    negated: bool = False
    need: Need = Need.MERGED

    def holds(self, name: str, labels: Mapping[str, str], site: Site | None) -> bool:
        """See `Term`. A site without the value stands in no relation, but differs from every value."""
        del name, labels
        assert site is not None, "what is needed is given"  # noqa: S101
        found = _value_at(dict(site.values), self.path)
        if not self.values:
            return (found is not _ABSENT) != self.negated
        return any(_compares(found, self.operator, value) for value in self.values) != self.negated


@dataclass(frozen=True, slots=True)
class Selector:
    """All of `terms` must hold; `text` is how it was written."""

    text: str
    terms: tuple[Term, ...]

    @property
    def need(self) -> Need:
        """What has to be known of a site to say whether it is meant."""
        return max(term.need for term in self.terms)

    @property
    def pattern(self) -> str | None:
        """The name or glob, when the selector is nothing else."""
        only = self.terms[0] if len(self.terms) == 1 else None
        return only.names[0] if isinstance(only, Named) and not only.negated and len(only.names) == 1 else None

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels that it asks for."""
        return tuple(term.label for term in self.terms if isinstance(term, Labelled))

    def holds(self, name: str, labels: Mapping[str, str], site: Site | None = None) -> bool:
        """Whether a site is meant, as far as it can be told: terms that need more than is given are passed over."""
        given = Need.MERGED if site is not None else Need.LABELS
        return all(term.holds(name, labels, site) for term in self.terms if term.need <= given)

    def may_hold(self, name: str) -> bool:
        """False when the name alone rules a site out."""
        return all(term.holds(name, {}, None) for term in self.terms if term.need is Need.NAME)


def parse_selector(text: str, fleet: Fleet) -> Selector:
    """Read a selector; raises ConfigurationError with everything that is wrong with it.

    Labels that fleet.yaml declares must have one of the declared values; any other label is taken for a free one.
    """
    terms: list[Term] = []
    problems: list[Problem] = []
    for part in _SPLIT.split(text):
        try:
            term = _term(part.strip())
        except ValueError as error:
            problems.append(_problem(text, str(error), _HINT))
            continue
        terms.append(term)
        problems += _label_problems(text, term, fleet)
    if problems:
        raise ConfigurationError(f"the selector {quoted(text)} cannot be used", problems=problems)
    return Selector(text, tuple(terms))


def _term(text: str) -> Term:
    if match := _SET.fullmatch(text):
        values = tuple(value.strip() for value in match[3].split(","))
        if not all(values):
            raise ValueError(f"expected values between the commas of {quoted(text)}")
        return _made(match[1], "=", values, negated=match[2] == "notin")
    if match := _COMPARISON.fullmatch(text):
        negated = match[2] == "!="
        return _made(match[1], "=" if negated or match[2] == "==" else match[2], (match[3],), negated=negated)
    if match := _WORD.fullmatch(text):
        return _present(match[2], negated=bool(match[1]))
    raise ValueError(f"expected NAME, LABEL=VALUE or LABEL in (VALUE, …), got {quoted(text) if text else 'nothing'}")


def _present(word: str, *, negated: bool) -> Term:
    """A word alone: a site's name, or something that a site has. `label:NAME` tells a label from a name."""
    kind, colon, rest = word.partition(":")
    if not colon:
        return Named((word,), negated)
    if kind == "label" and rest:
        return Labelled(rest, negated=negated)
    if kind == "layer" and rest:
        return Layered((rest,), negated)
    return _made(word, "=", (), negated=negated)


def _made(subject: str, operator: str, values: tuple[str, ...], *, negated: bool) -> Term:
    kind, colon, rest = subject.partition(":")
    if colon and (kind not in _KINDS or not rest):
        raise ValueError(f"expected template:NAME, layer:PATH, value:KEY or label:NAME, got {quoted(subject)}")
    if kind == "template" and colon:
        return Templated(rest, tuple(_range(operator, value) for value in values), negated)
    if kind == "value" and colon:
        return Valued(tuple(rest.split(".")), operator, tuple(map(_scalar, values)), negated)
    if operator != "=" or kind == "layer":
        raise ValueError(f"{quoted(subject)} has no order: only template: and value: can be compared with {operator}")
    return Named(values, negated) if subject == _NAME else Labelled(subject, values, negated)


def _range(operator: str, version: str) -> str:
    if operator == "=":
        return version
    if parse_version(version) is None:
        raise ValueError(f"expected a version such as 1.4 after {operator}, got {quoted(version)}")
    return operator + version


def _scalar(text: str) -> Json:
    """A value as it would be read in a site's file; quotes make it text."""
    try:
        return strict_yaml.load(text, "selector").value
    except ConfigurationError as error:
        raise ValueError(f"{quoted(text)} is no value: {error.problems[0].what}") from None


def _value_at(values: Json, path: tuple[str, ...]) -> object:
    for key in path:
        if not isinstance(values, dict) or key not in values:
            return _ABSENT
        values = values[key]
    return values


_ORDER: Final[Mapping[str, Callable[[float, float], bool]]] = {
    ">": lambda one, other: one > other,
    "<": lambda one, other: one < other,
    ">=": lambda one, other: one >= other,
    "<=": lambda one, other: one <= other,
}


def _compares(found: object, operator: str, value: Json) -> bool:
    if operator == "=":
        # 1 and true are equal to Python, and nothing that a person would call the same.
        return found == value and isinstance(found, bool) == isinstance(value, bool)
    if operator not in _ORDER or not (_is_number(found) and _is_number(value)):
        return False
    return _ORDER[operator](found, value)  # type: ignore[arg-type]


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _label_problems(text: str, term: Term, fleet: Fleet) -> Iterable[Problem]:
    if not isinstance(term, Labelled) or term.label not in fleet.labels:
        return
    allowed = fleet.labels[term.label]
    for value in term.values:
        if value not in allowed:
            meant = similar(value, allowed)
            hint = f"did you mean {meant}?" if meant else "fleet.yaml lists what the label may be"
            yield _problem(text, f"no site can have {term.label}={value}, expected {one_of(allowed)}", hint)


def misspelt(selector: Selector, fleet: Fleet) -> list[Problem]:
    """Labels that look like a slip for one that fleet.yaml declares: worth telling when no site was meant."""
    found = ((label, similar(label, fleet.labels)) for label in selector.labels if label not in fleet.labels)
    return [
        _problem(selector.text, f"no site has {label}", f"did you mean {meant}?") for label, meant in found if meant
    ]


def _problem(text: str, what: str, hint: str) -> Problem:
    return Problem(Code.USAGE, f"selector {quoted(text)}: {what}", hint=hint)
