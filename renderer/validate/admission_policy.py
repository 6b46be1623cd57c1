"""One ValidatingAdmissionPolicy, compiled.

In: the policy as data. Out: what it says about an object with its surroundings.
Never: takes an expression that cannot be evaluated for one that holds.
Source: apiserver pkg/admission/plugin/policy/validating and pkg/admission/plugin/cel.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from renderer.validate.admission_match import Match
from renderer.validate.cel_engine import CelError, Environment, Expression, Scope
from renderer.validate.cel_reads import Reads, bare
from renderer.validate.cel_rules import excerpt, one_line
from renderer.validate.wording import clipped

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from renderer.types import KeyPath

_VARIABLES = {"object": "dyn", "oldObject": "dyn", "request": "map", "namespaceObject": "dyn"}
_PARAMS = "params"
_UNSET = re.compile(r'No value with name "variables\.(\w+)"')
_USED = re.compile(r"\bvariables\s*\.\s*(\w+)")
# What only the API server knows, and only when it is asked.
_UNKNOWABLE = re.compile(
    r"(?<![.\w])(?:authorizer\b|request\s*\.\s*(?:userInfo|uid|options)\b|request\b(?!\s*\.\s*[A-Za-z]))"
)


class Verdict(NamedTuple):
    """What a policy has against an object. `failed`: it could not be evaluated; `limited`: by this engine only."""

    what: str
    expression: str
    failed: bool = False
    limited: bool = False


class Fault(NamedTuple):
    """What of a policy cannot be used, where and why. An `unknowable` one may well be right in a cluster."""

    path: KeyPath
    why: str
    unknowable: bool


@dataclass(frozen=True, slots=True)
class _Check:
    expression: Expression
    message: str
    worded: Expression | None


class Policy:
    """A policy ready for use.

    `match` says whom it is about, `reads` what of its parameters and the namespace it looks at, `faults` what of it
    cannot be used; the rest of it still works.
    """

    def __init__(self, value: Mapping[str, Any]) -> None:
        spec = value["spec"]
        self.name = str(value["metadata"]["name"])
        self.match = Match(spec.get("matchConstraints") or {})
        self.ignores_failure = spec.get("failurePolicy") == "Ignore"
        kind = spec.get("paramKind")
        self.param_kind = (str(kind["apiVersion"]), str(kind["kind"])) if kind else None
        self.faults: list[Fault] = []
        self._lost: set[str] = set()
        self._types: dict[str, Any] = _VARIABLES | ({_PARAMS: "dyn"} if kind else {})
        for path, one in _listed(spec, "variables"):
            expression = self._compiled((*path, "expression"), one["expression"])
            if expression is None:
                self._lost.add(one["name"])
            else:
                self._types[f"variables.{one['name']}"] = expression.type
        self._env = Environment(self._types)
        named = [(one["name"], one["expression"]) for _, one in _listed(spec, "variables")]
        self._variables = [(name, self._env.compile(text)) for name, text in named if name not in self._lost]
        conditions = _listed(spec, "matchConditions")
        found = [self._compiled((*path, "expression"), one["expression"]) for path, one in conditions]
        self._conditions = [one for one in found if one]
        # Whether a policy is asked at all must be known before any of its answers counts.
        usable = len(found) == len(self._conditions)
        self._checks = [*self._read_checks(spec)] if usable else []
        self.reads = {name: Reads.of(_texts(spec), name) for name in (_PARAMS, "namespaceObject")}

    def verdicts(self, given: Mapping[str, Any]) -> Iterator[Verdict]:
        """What it says, given the values of object, request, namespaceObject and, when it has any, params."""
        values = {name: given.get(name) for name in (*_VARIABLES, *((_PARAMS,) if self.param_kind else ()))}
        unset: dict[str, CelError] = {}
        try:
            scope = self._scope(values, unset)
        except CelError as error:
            yield Verdict(f"the object cannot be evaluated: {error}", "", failed=True, limited=error.limited)
            return
        answers = [_answer(one, scope, unset) for one in self._conditions]
        if False in answers:
            return
        failures = [one for one in answers if isinstance(one, Verdict)]
        yield from failures or self._judged(scope, unset)

    def _judged(self, scope: Scope, unset: Mapping[str, CelError]) -> Iterator[Verdict]:
        for check in self._checks:
            answer = _answer(check.expression, scope, unset)
            if isinstance(answer, Verdict):
                yield answer
            elif not answer:
                yield Verdict(_message(check, scope), check.expression.text)

    def _scope(self, values: dict[str, Any], unset: dict[str, CelError]) -> Scope:
        """The values with those of the variables; one that fails is left out, and told by what asks for it."""
        scope = self._env.scope(values)
        for name, expression in self._variables:
            try:
                values[f"variables.{name}"] = expression.value(scope)
            except CelError as error:
                unset[name] = _explained(error, unset)
            else:
                scope = self._env.scope(values, checked=True)  # made of what was checked
        return scope

    def _read_checks(self, spec: Mapping[str, Any]) -> Iterator[_Check]:
        for path, one in _listed(spec, "validations"):
            expression = self._compiled((*path, "expression"), one["expression"])
            wording = one.get("messageExpression")
            worded = self._compiled((*path, "messageExpression"), wording) if wording else None
            if expression:
                yield _Check(expression, str(one.get("message") or ""), worded)

    def _compiled(self, path: KeyPath, text: str) -> Expression | None:
        names = bare(text)
        unknowable = _UNKNOWABLE.search(names)
        if unknowable:
            what = f"{unknowable[0]} is known only to the API server"
            self.faults.append(Fault(path, f"cannot be evaluated before admission: {what}", unknowable=True))
            return None
        if self._lost & set(_USED.findall(names)):
            lost = next(name for name in _USED.findall(names) if name in self._lost)
            self.faults.append(Fault(path, f"needs the variable {lost}, which cannot be used", unknowable=True))
            return None
        try:
            return Environment(self._types).compile(text)
        except CelError as error:
            self.faults.append(Fault(path, f"cannot be compiled: {error}", unknowable=error.limited))
            return None


def _answer(expression: Expression, scope: Scope, unset: Mapping[str, CelError]) -> bool | Verdict:
    try:
        return expression.truth(scope)
    except CelError as error:
        why = _explained(error, unset)
        what = f"the expression {clipped(one_line(expression.text))} cannot be evaluated: {why}"
        return Verdict(what, expression.text, failed=True, limited=why.limited)


def _explained(error: CelError, unset: Mapping[str, CelError]) -> CelError:
    """Why a variable has no value, where that is why an expression failed."""
    missing = _UNSET.search(str(error))
    if missing is None or missing[1] not in unset:
        return error
    why = unset[missing[1]]
    return CelError(f"variable {missing[1]}: {why}", limited=why.limited)


def _message(check: _Check, scope: Scope) -> str:
    if check.worded:
        try:
            found = check.worded.value(scope)
            if isinstance(found, str) and found.strip() and "\n" not in found.strip():
                return excerpt(found)
        except CelError:
            pass  # as Kubernetes does: the plain message stands in
    return excerpt(check.message or f"failed expression: {check.expression.text}")


def _listed(spec: Mapping[str, Any], key: str) -> Iterator[tuple[KeyPath, Mapping[str, Any]]]:
    return ((("spec", key, index), one) for index, one in enumerate(spec.get(key) or ()))


def _texts(spec: Mapping[str, Any]) -> Iterable[str]:
    for key in ("variables", "matchConditions", "validations"):
        for _, one in _listed(spec, key):
            yield from (one[word] for word in ("expression", "messageExpression") if one.get(word))
