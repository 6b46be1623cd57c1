"""Writes a site file that every YAML parser reads alike.

In: labels, pins and values as plain data. Out: YAML text; and which values no YAML text can hold for all parsers.
Never: writes a file, or leaves plain what another parser would take for something else.
"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import yaml

from renderer import strict_yaml
from renderer.errors import ConfigurationError
from renderer.strict_yaml.scalars import resolve

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from renderer.types import Json, KeyPath

_MOST_DEPTH = strict_yaml.INPUT_LIMITS.depth - 4


class _Dumper(yaml.SafeDumper):
    """Quotes with `"` what is not plain text to all; writes lines as lines."""

    def ignore_aliases(self, data: Any) -> bool:
        """One value, one text."""
        del data
        return True

    def text(self, value: str) -> yaml.ScalarNode:
        style = None if value and resolve(value) == value else '"'
        return self.represent_scalar("tag:yaml.org,2002:str", value, style="|" if "\n" in value else style)

    def number(self, value: float) -> yaml.ScalarNode:
        return self.represent_scalar("tag:yaml.org,2002:float", _decimal(value))


class _QuotingDumper(_Dumper):
    """The same, without blocks of lines."""

    def text(self, value: str) -> yaml.ScalarNode:
        return self.represent_scalar("tag:yaml.org,2002:str", value, style='"')


for _class in (_Dumper, _QuotingDumper):
    _class.add_representer(str, _class.text)
    _class.add_representer(float, _class.number)


def unwritable(value: Json, path: KeyPath = ()) -> Iterator[tuple[KeyPath, str]]:
    """(path, why) of every part that a site file cannot hold."""
    if isinstance(value, dict):
        for key, item in value.items():
            if not _is_text(key):
                yield (*path, key), "its name is no text of Unicode"
            elif item is None:
                yield (*path, key), "null takes a value of the layers away in a site file, and stands for none"
            else:
                yield from unwritable(item, (*path, key))
        return
    if isinstance(value, list):
        for index, item in enumerate(value):
            # In a list null is a value: only maps are merged.
            if item is not None:
                yield from unwritable(item, (*path, index))
        return
    why = _fault(value)
    if why is not None:
        yield path, why
    elif len(path) > _MOST_DEPTH:
        yield path, f"it is nested deeper than {_MOST_DEPTH} levels"


def site_file(labels: Mapping[str, str], pins: Mapping[str, str], values: Mapping[str, Json]) -> bytes:
    """The file of a site; raises ValueError when strict YAML would not read the same from it."""
    data: dict[str, Json] = {"labels": dict(labels)}
    if pins:
        data["templates"] = dict(pins)
    if values:
        data["values"] = dict(values)
    return _written(data, strict_yaml.INPUT_LIMITS)


def _written(data: Json, limits: strict_yaml.Limits) -> bytes:
    expected = json.dumps(data)
    for dumper in (_Dumper, _QuotingDumper):
        text = yaml.dump(data, Dumper=dumper, sort_keys=False, allow_unicode=True, width=float("inf")).encode()
        try:
            # As text: to Python, 1 and true are equal.
            if json.dumps(strict_yaml.load(text, "file", limits=limits).value) == expected:
                return text
        except ConfigurationError as error:
            reason = error.problems[0].what
        else:
            reason = "it would be read as something else"
    raise ValueError(reason)


def yaml_text(data: Json) -> str:
    """`data` as YAML that every parser reads alike; raises ValueError when there is no such text."""
    return _written(data, strict_yaml.RENDERED_LIMITS).decode()


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _fault(value: Json) -> str | None:
    if isinstance(value, str):
        return None if _is_text(value) else "it is no text of Unicode"
    if isinstance(value, bool) or value is None:
        return None
    text = _decimal(value) if isinstance(value, float) else str(value)
    found = resolve(text)
    same = type(found) is type(value) and found == value
    return None if same else f"parsers read the number {text[:40]} differently: give it as text"


def _decimal(value: float) -> str:
    written = repr(value)
    return format(Decimal(written), "f") if "e" in written else written
