"""What a plain YAML scalar means to the programs whose files are imported, where strict YAML would not take it.

In: the text of a scalar. Out: its value to that program, or AMBIGUOUS where plain data cannot say it.
Never: is used for a file of the fleet.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from renderer.strict_yaml.scalars import AMBIGUOUS, WORDS, Ambiguous, resolve

if TYPE_CHECKING:
    from renderer.types import Json

_SIXTIES: Final = re.compile(r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?")
_NO_DATA: Final = ("=", "<<")


def yaml_1_2(text: str) -> Json | Ambiguous:
    """As FoxOps reads and writes it: `no` and `12:30` are text there, written without quotes."""
    found = resolve(text)
    if not isinstance(found, Ambiguous) or text in _NO_DATA:
        return found
    if text in WORDS or _SIXTIES.fullmatch(text):
        return text
    digits = text.replace("_", "")
    for number in (int, _with_prefix, float):
        try:
            return number(digits)
        except ValueError:
            continue
    return AMBIGUOUS


def _with_prefix(digits: str) -> int:
    return int(digits, 0)


def yaml_1_1(text: str) -> Json | Ambiguous:
    """As Copier reads it: by PyYAML."""
    found = resolve(text)
    if not isinstance(found, Ambiguous) or text in _NO_DATA:
        return found
    import yaml

    try:
        value: Any = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError):
        return AMBIGUOUS
    return value if value is None or isinstance(value, (bool, int, float, str)) else AMBIGUOUS
