"""The rules: data that says what secrets look like.

In: rules.toml, which is part of the package, and what a fleet adds. Out: frozen values.
Never: compiles a pattern that nobody needs yet.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from renderer.types import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_FILE = Path(__file__).with_name("rules.toml")
_PART = re.compile(r"%\{([a-z]+)\}")


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of secret.

    `pattern` is RE2, asked only of text that has one of the `keywords` (lower case). The secret is its group `value`,
    or `plain`, or the whole match. `entropy` is the least Shannon entropy of the secret in bits a character; `check`
    names a function of judging.py that it has to pass.
    """

    id: str
    title: str
    family: str
    keywords: tuple[str, ...]
    pattern: str
    entropy: float = 0.0
    check: str = ""
    severity: Severity = Severity.ERROR

    @classmethod
    def parse(cls, value: Mapping[str, Any], shared: Mapping[str, Any] | None = None) -> Rule:
        """Read a rule of a file; `shared` has the parts and keywords that %{name} stands for."""
        parts, words = (shared or {}).get("parts", {}), (shared or {}).get("keywords", {})
        return cls(
            id=value["id"],
            title=value["title"],
            family=value.get("family", "fleet"),
            keywords=tuple(word.lower() for entry in value["keywords"] for word in words.get(entry[2:-1], (entry,))),
            pattern=_PART.sub(lambda match: _filled(match[1], parts), value["pattern"]),
            entropy=float(value.get("entropy", 0)),
            check=value.get("check", ""),
            severity=Severity(value.get("severity", "error")),
        )


def _filled(name: str, parts: Mapping[str, str]) -> str:
    return _PART.sub(lambda match: _filled(match[1], parts), parts[name])


@dataclass(frozen=True, slots=True)
class Allowed:
    """Findings that a fleet takes for no secret: all that is given must fit. `reason` is for those who read the file.

    `files` are patterns of the file of the fleet, or of the rendered file; `keys` of the dotted key; `value` is RE2
    that the whole secret has to match.
    """

    reason: str
    rule: str = ""
    files: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    value: str = ""

    @classmethod
    def parse(cls, entry: Mapping[str, Any]) -> Allowed:
        """Read an entry of `allow`."""
        return cls(
            reason=entry["reason"],
            rule=entry.get("rule", ""),
            files=tuple(entry.get("files", ())),
            keys=tuple(entry.get("keys", ())),
            value=entry.get("value", ""),
        )

    def covers(self, rule: str, file: str, key: str) -> bool:
        """Whether it is about this rule, file and key; the value is not asked."""
        return (
            self.rule in ("", rule)
            and (not self.files or any(fnmatchcase(file, one) for one in self.files))
            and (not self.keys or any(fnmatchcase(key, one) for one in self.keys))
        )


@dataclass(frozen=True, slots=True)
class RuleSet:
    """Rules in the order in which they are tried, patterns of what is no secret, and what a fleet allows.

    `examples` hold for every rule, `references` for those that have a check.
    """

    rules: tuple[Rule, ...]
    examples: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    allowed: tuple[Allowed, ...] = field(default=())

    def extended(self, rules: Iterable[Rule], allowed: Iterable[Allowed]) -> RuleSet:
        """With a fleet's own in front: it knows better what its secrets are called."""
        return replace(self, rules=(*rules, *self.rules), allowed=(*self.allowed, *allowed))


@cache
def shipped_rules() -> RuleSet:
    """The rules that fleetpress comes with."""
    import tomllib

    found = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    rules = tuple(Rule.parse(entry, found) for entry in found["rule"])
    return RuleSet(rules, *(tuple(found["placeholders"][kind]) for kind in ("examples", "references")))
