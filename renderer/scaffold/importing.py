"""Makes sites of what FoxOps and Copier keep in the folders that they have rendered to.

In: the text of .fengine.yaml and .copier-answers.yml files, and rules for names, labels and versions.
Out: site files as text, and what could not be carried over. Never: reads or writes a file, or guesses a label.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from renderer import strict_yaml
from renderer.errors import Code, ConfigurationError
from renderer.scaffold.foreign import yaml_1_1, yaml_1_2
from renderer.scaffold.writing import unwritable
from renderer.types import Origin, Problem, Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from renderer.types import Document, Json, KeyPath

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,51}[a-z0-9])?")
_OWN_KEYS = ("_commit", "_src_path")
_USER = re.compile(r"(?<=:)//[^/@]*@")


def without_user(url: str) -> str:
    """A URL without the user and token that it may carry."""
    return _USER.sub("//", url)


class Tool(StrEnum):
    """The program whose files are imported."""

    FOXOPS = "foxops"
    COPIER = "copier"


@dataclass(frozen=True, slots=True)
class Record:
    """One file of a tool: the template it names, at which version, and the values that a person gave."""

    file: str
    template: str
    version: str
    values: Mapping[str, Json]
    document: Document


@dataclass(frozen=True, slots=True)
class Rules:
    """How names of the tool become names of the fleet.

    `templates` and `versions` are what to call a template or version instead, `labels` those of every site. `known` has
    the fleet's templates with their versions, `allowed` its labels with their values.
    """

    templates: Mapping[str, str] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    known: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    allowed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(slots=True)
class Draft:
    """A site as it could be written. It must not be while one of its problems is an error."""

    name: str
    labels: dict[str, str] = field(default_factory=dict)
    templates: dict[str, str] = field(default_factory=dict)
    values: dict[str, Json] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    @property
    def usable(self) -> bool:
        """Whether it may be written."""
        return all(problem.severity is not Severity.ERROR for problem in self.problems)

    def report(self, code: Code, what: str, where: Origin, hint: str, key: str | None = None) -> None:
        """Note what stands against the site."""
        self.problems.append(Problem(code, what, where, hint, site=self.name, key=key))

    def left_out(self, what: str, where: Origin, hint: str, key: str) -> None:
        """Note what was not carried over."""
        problem = Problem(Code.IMPORT_LEFT_OUT, what, where, hint, self.name, key, Severity.WARNING)
        self.problems.append(problem)


def read_record(tool: Tool, content: bytes, file: str) -> Record:
    """What a file of `tool` says; raises ConfigurationError with every problem."""
    return _READERS[tool](content, file)


def draft_site(
    name: str, records: Iterable[Record], rules: Rules, own_labels: Mapping[str, str], fleet_name: str
) -> Draft:
    """The site `name` made of `records`; `own_labels` are those given for it by name."""
    found = list(records)
    draft = Draft(name)
    first = Origin(found[0].file)
    if not _NAME.fullmatch(name):
        what = (
            f"the folder's name {name[:80]!r} is no name of a site: expected a DNS-1123 label of at most 53 characters"
        )
        draft.report(Code.SITE_NAME, what, first, "give it a name in the file of --sites")
    explicit = {**rules.labels, **own_labels}
    fixed = {"site": name, "fleet": fleet_name}
    for record in found:
        _pin(draft, record, rules)
        for key, value in record.values.items():
            _take(draft, record, key, value, _Labels(rules.allowed, explicit, fixed))
    draft.labels = {**{label: draft.labels[label] for label in rules.allowed if label in draft.labels}, **explicit}
    for label, allowed in rules.allowed.items():
        _check_label(draft, label, allowed, first)
    return draft


def unpin(
    values: Mapping[str, Json], answers: Callable[[Mapping[str, Json]], Any]
) -> tuple[dict[str, Json], list[str]]:
    """`values` without those that make no difference to `answers` (None: there are none), and their names."""
    kept = dict(values)
    expected = answers(kept)
    dropped: list[str] = []
    for key in values if expected is not None else ():
        rest = {name: value for name, value in kept.items() if name != key}
        if answers(rest) == expected:
            kept = rest
            dropped.append(key)
    return kept, dropped


@dataclass(frozen=True, slots=True)
class _Labels:
    """What decides whether a value is a label: the fleet's, those that were given, and names that are taken."""

    allowed: Mapping[str, tuple[str, ...]]
    explicit: Mapping[str, str]
    fixed: Mapping[str, str]


def _pin(draft: Draft, record: Record, rules: Rules) -> None:
    where = Origin(record.file)
    name = rules.templates.get(record.template)
    if name is None:
        what = f"no template of the fleet is named for {record.template[:200]}"
        draft.report(Code.TEMPLATE_MISSING, what, where, f"add --template {record.template[:200]}=NAME")
        return
    version = _version(rules, name, record.version)
    if version is None:
        what = f"the template {name} has no version {record.version[:80]!r}"
        hint = f"add the version to the fleet, or give another with --map-version {record.version[:80]}=VERSION"
        draft.report(Code.TEMPLATE_MISSING, what, where, hint)
    elif draft.templates.setdefault(name, version) != version:
        what = f"the site would pin {name} at both {draft.templates[name]} and {version}"
        draft.report(Code.SITE_DUPLICATE, what, where, "import one of the folders only")


def _version(rules: Rules, name: str, version: str) -> str | None:
    if version in rules.versions:
        return rules.versions[version]
    known = rules.known.get(name, ())
    return next((found for found in (version, version.removeprefix("v")) if found in known), None)


def _take(draft: Draft, record: Record, key: str, value: Json, labels: _Labels) -> None:
    """Put one value where it belongs: among the values, or the labels."""
    where = record.document.origin(_path_of(record, key))
    if key in labels.fixed:
        if value != labels.fixed[key]:
            what = f"{key} is {_short(value)}, and {labels.fixed[key]!r} to every template of the fleet"
            draft.left_out(what, where, "rename the variable in the template, or the site with --sites", key)
        return
    if key in labels.allowed or key in labels.explicit:
        _take_label(draft, key, value, labels, where)
        return
    faults = list(unwritable(value, (key,))) if value is not None else [((key,), "null stands for no value")]
    for path, why in faults:
        dotted = ".".join(map(str, path))
        at = record.document.origin((*_path_of(record, key), *path[1:]))
        draft.left_out(f"{dotted} is left out: {why}", at, "set it by hand where it is needed", dotted)
    kept = _without(value, [path[1:] for path, _ in faults])
    if kept is _GONE:
        return
    if key in draft.values and draft.values[key] != kept:
        what = f"{key} has different values in the site's files"
        draft.report(Code.SITE_DUPLICATE, what, where, "make them equal, or import one of the folders only", key)
    draft.values.setdefault(key, kept)


def _take_label(draft: Draft, key: str, value: Json, labels: _Labels, where: Origin) -> None:
    wanted = labels.explicit.get(key)
    if wanted is None and isinstance(value, str):
        if draft.labels.setdefault(key, value) != value:
            what = f"the label {key} would be both {draft.labels[key]} and {value[:80]}"
            draft.report(Code.SITE_LABEL, what, where, f"decide with --label {key}=…")
    elif value != wanted:
        shown = "no text" if wanted is None else f"not {wanted}"
        what = f"{key} is {_short(value)}, {shown}; a template sees the label of that name"
        draft.left_out(what, where, "check what the template makes of the label", key)


def _check_label(draft: Draft, label: str, allowed: tuple[str, ...], where: Origin) -> None:
    value = draft.labels.get(label)
    if value is None:
        what, hint = f"nothing tells the label {label}", f"add --label {label}=…, or name it in the file of --sites"
    elif value not in allowed:
        what = f"the label {label} is {value[:80]!r}, expected one of {', '.join(allowed)[:200]}"
        hint = "correct it with --label or --sites, or add the value to fleet.yaml"
    else:
        return
    draft.report(Code.SITE_LABEL, what, where, hint, label)


class _Gone:
    """Nothing is left of a value."""


_GONE: Any = _Gone()


def _without(value: Json, paths: list[KeyPath]) -> Any:
    """`value` without what stands at `paths`. A list that would lose an item is left out as a whole."""
    if () in paths:
        return _GONE
    if isinstance(value, list):
        return _GONE if paths else value
    if not isinstance(value, dict) or not paths:
        return value
    kept = {}
    for key, item in value.items():
        rest = _without(item, [path[1:] for path in paths if path[0] == key])
        if rest is not _GONE:
            kept[key] = rest
    return kept


def _short(value: Json) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:80]}…"  # noqa: PLR2004 - as much as a line takes


def _path_of(record: Record, key: str) -> KeyPath:
    path: KeyPath = ("template_data", key)
    return path if path in record.document.positions else (key,)


def _read_foxops(content: bytes, file: str) -> Record:
    document = strict_yaml.load(content, file, judge=yaml_1_2)
    data = document.value
    found = data if isinstance(data, dict) else {}
    values = found.get("template_data")
    template, version = found.get("template_repository"), found.get("template_repository_version")
    if not (isinstance(values, dict) and isinstance(template, str)):
        raise _unusable(document, "template_repository and template_data", "FoxOps")
    # What a person gave, and not template_data_full: a default that changes shall reach the site.
    return Record(file, without_user(template), str(version), values, document)


def _read_copier(content: bytes, file: str) -> Record:
    document = strict_yaml.load(content, file, judge=yaml_1_1)
    data = document.value
    if not isinstance(data, dict) or not isinstance(data.get("_src_path"), str):
        raise _unusable(document, "_src_path", "Copier")
    values = {key: value for key, value in data.items() if key not in _OWN_KEYS}
    return Record(file, without_user(str(data["_src_path"])), str(data.get("_commit", "")), values, document)


def _unusable(document: Document, keys: str, tool: str) -> ConfigurationError:
    what = f"expected a file of {tool} with {keys}"
    hint = f"render the folder once more with {tool}, or leave it out"
    return ConfigurationError(what, problems=[Problem(Code.INPUT_SCHEMA, what, document.origin(()), hint)])


_READERS: Mapping[Tool, Callable[[bytes, str], Record]] = {Tool.FOXOPS: _read_foxops, Tool.COPIER: _read_copier}
