"""Plain JSON data to YAML that every parser reads as that data.

In: values. Out: the text of a file with one document for each. Never: writes what `load_all` would not read back.
"""

from __future__ import annotations

import re
from decimal import Decimal
from math import isfinite
from typing import TYPE_CHECKING, Any, Final

import yaml

from renderer.strict_yaml.limits import YamlError
from renderer.strict_yaml.reading import load_all
from renderer.strict_yaml.scalars import resolve

if TYPE_CHECKING:
    from collections.abc import Sequence

    from renderer.types import Json

# What needs no quotes in any place; all else gets them.
_PLAIN: Final = re.compile(r"[A-Za-z_/.][A-Za-z0-9_./@-]*(?: [A-Za-z0-9_./@-]+)*")
_LINES: Final = re.compile(r"[^\s].*\n(?:.*\n)*[^\s].*\n?", re.ASCII)


class _Dumper(yaml.SafeDumper):
    """Block style, no aliases, quotes wherever there could be a doubt."""

    def ignore_aliases(self, _data: Any) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    style = '"'
    if _PLAIN.fullmatch(text) and resolve(text) == text:
        style = ""
    elif _LINES.fullmatch(text) and text.isprintable() is False and text.replace("\n", "").isprintable():
        style = "|"
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def _float(dumper: yaml.SafeDumper, number: float) -> yaml.Node:
    """Without an exponent, which parsers read differently."""
    if not isfinite(number):
        raise ValueError(f"expected a number that every YAML parser reads alike, got {number}")
    written = repr(number)
    text = format(Decimal(written), "f") if "e" in written else written
    return dumper.represent_scalar("tag:yaml.org,2002:float", text if "." in text else f"{text}.0")


_Dumper.add_representer(str, _text)
_Dumper.add_representer(float, _float)


def dump_all(values: Sequence[Json]) -> bytes:
    """One document for each value; raises ValueError for one that YAML cannot hold without doubt, such as NaN."""
    text: str = yaml.dump_all(
        values, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=2**31, explicit_start=True, line_break="\n"
    )
    try:
        found = [document.value for document in load_all(text, "dump")]
    except YamlError as error:
        raise ValueError(str(error)) from None
    if found != list(values):
        raise ValueError("the value would be read as something else")
    return text.encode()
