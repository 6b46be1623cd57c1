"""Turns what a layer or a default says into the type that a question asks for, as Copier 9.19 does.

In: plain data. Out: plain data of the type; ValueError or TypeError with the reason otherwise.
Never: keeps a value that a template or another site could change: maps and lists are copied.
"""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from renderer.render.filters_text import parse_yaml

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from renderer.types import Json

_YES = frozenset({"y", "yes", "t", "true", "on"})
_NO = frozenset({"n", "no", "f", "false", "off", "~", "null", "none"})
_SCALARS = frozenset({str, int, float, bool, type(None)})


def plain(value: Any) -> Json:
    """A copy of plain JSON data; TypeError for anything else, a subclass of str included."""
    kind = type(value)
    if kind in _SCALARS:
        return value  # type: ignore[no-any-return]
    if kind is dict:
        return {_key(key): plain(item) for key, item in value.items()}
    if kind is list:
        return [plain(item) for item in value]
    raise TypeError(f"expected text, a number, true, false, null, a list or a mapping, got {kind.__name__}")


def _key(key: Any) -> str:
    if type(key) is not str:
        raise TypeError(f"expected text as a key, got {type(key).__name__}")
    return key


def to_bool(value: Any) -> bool:
    """A number by being zero or not, else the words of YAML 1.1, else emptiness."""
    try:
        return bool(float(value))
    except (TypeError, ValueError):
        pass
    if isinstance(value, str):
        word = value.strip().lower()
        return word not in _NO and (word in _YES or bool(value)) if word else False
    return bool(value)


def _to_str(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, (int, float)):
        return str(value)
    raise ValueError(f"expected text, got a {_kind(value)}")


def _to_int(value: Any) -> int:
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("expected a finite number")
    return int(value)


def _kind(value: Any) -> str:
    return "mapping" if isinstance(value, dict) else type(value).__name__


def _json(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value


def _yaml(value: Any) -> Any:
    return parse_yaml(value) if isinstance(value, str) else value


CASTS: Mapping[str, Callable[[Any], Any]] = {
    "bool": to_bool,
    "float": float,
    "int": _to_int,
    "json": _json,
    "path": str,
    "str": _to_str,
    "yaml": _yaml,
}


def cast(value: Any, type_name: str, *, each: bool = False) -> Json:
    """`value` as `type_name`; `each` casts the items of a list instead. Raises ValueError or TypeError."""
    if value is None and type_name not in {"json", "yaml"}:
        raise ValueError(f"expected a value of type {type_name}, got null")
    function = CASTS[type_name]
    if each and isinstance(value, list):
        return plain([function(item) for item in value])
    return plain(function(value))


def yaml_list(text: str) -> list[str]:
    """The items of a YAML list as they are written, quotes around an item dropped; they are cast later."""
    import yaml

    parse_yaml(text)  # refuses what is hostile or read differently by different parsers
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    if not isinstance(node, yaml.SequenceNode):
        raise TypeError(f"expected a YAML list, got {text[:60]!r}")
    return [_raw_item(item, text) for item in node.value]


def _raw_item(item: Any, text: str) -> str:
    raw = text[item.start_mark.index : item.end_mark.index].strip()
    is_text = item.tag == "tag:yaml.org,2002:str"
    quoted = raw[:1] in {"'", '"'} and raw.endswith(raw[:1])
    return raw[1:-1] if is_text and quoted else raw
