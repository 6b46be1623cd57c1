"""The filters that templates may use: Jinja's, and those Ansible ones of Copier that give the same text everywhere.

In: plain data. Out: plain data, equal to what that package gives (a differential test says so).
Never: reads the clock, randomness, a file or the environment. Written from Ansible's documentation alone.
"""

from __future__ import annotations

import base64
import hashlib
import json
import ntpath
import posixpath
import shlex
import uuid
from typing import TYPE_CHECKING, Any

from jinja2.filters import FILTERS, do_groupby
from jinja2.runtime import Undefined

from renderer.render.filters_regex import (
    FilterError,
    as_text,
    regex_escape,
    regex_findall,
    regex_replace,
    regex_search,
)
from renderer.render.filters_text import comment, from_yaml, from_yaml_all, to_nice_yaml, to_yaml

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

# The name space of the package that Copier uses; without it the identifiers would differ.
_ANSIBLE_NAMESPACE = uuid.UUID("20851c88-ac15-449f-9ee7-74829105da86")
_TRUE = ("yes", "on", "1", "true", 1)
_HASHES = frozenset(
    "md5 sha1 sha224 sha256 sha384 sha512 sha3_224 sha3_256 sha3_384 sha3_512 blake2b blake2s".split()  # noqa: SIM905
)


def b64encode(string: Any, encoding: str = "utf-8") -> str:
    """Base64 of the text's bytes."""
    return base64.b64encode(as_text(string).encode(encoding)).decode()


def b64decode(string: Any, encoding: str = "utf-8") -> str:
    """The text behind base64."""
    return base64.b64decode(as_text(string).encode()).decode(encoding)


def hash_text(data: Any, hashtype: str = "sha1") -> str:
    """Hexadecimal digest of the text; a name that not every machine knows is an error."""
    if hashtype not in _HASHES:
        raise FilterError(f"hash {hashtype!r} is not known on every machine; use one of {', '.join(sorted(_HASHES))}")
    return hashlib.new(hashtype, as_text(data).encode(), usedforsecurity=False).hexdigest()


def md5(data: Any) -> str:
    """Hexadecimal MD5."""
    return hash_text(data, "md5")


def sha1(data: Any) -> str:
    """Hexadecimal SHA-1."""
    return hash_text(data, "sha1")


def to_bool(value: Any) -> bool | None:
    """True for yes, on, 1 and true; None stays None."""
    if value is None or isinstance(value, bool):
        return value
    return (value.lower() if isinstance(value, str) else value) in _TRUE


def ternary(value: Any, true_val: Any, false_val: Any, none_val: Any = None) -> Any:
    """One of two values, or of three with `none_val`."""
    if value is None and none_val is not None:
        return none_val
    return true_val if bool(value) else false_val


def mandatory(value: Any, msg: str | None = None) -> Any:
    """The value, or an error when it is undefined."""
    if isinstance(value, Undefined):
        if msg is not None:
            raise FilterError(str(msg))
        str(value)  # raises the undefined's own error, which knows the name
    return value


def quote(value: Any) -> str:
    """The text quoted for a POSIX shell."""
    return shlex.quote(as_text(value))


def flatten(mylist: Iterable[Any], levels: int | None = None) -> list[Any]:
    """A list without its nesting, `levels` deep, up to the first null."""
    flat: list[Any] = []
    for item in mylist:
        if item in (None, "None", "null"):
            break  # as the reference does: a null ends its list
        if isinstance(item, (list, tuple)) and (levels is None or levels >= 1):
            flat += flatten(item, None if levels is None else levels - 1)
        else:
            flat.append(item)
    return flat


def combine(*terms: Any, **options: Any) -> dict[Any, Any]:
    """Mappings merged, later ones win."""
    recursive, list_merge = options.pop("recursive", False), options.pop("list_merge", "replace")
    if options:
        raise FilterError("combine: 'recursive' and 'list_merge' are the only keyword arguments")
    merged: dict[Any, Any] = {}
    for term in flatten(terms, levels=1):
        if not isinstance(term, dict):
            raise FilterError(f"combine expects mappings, got {type(term).__name__}")
        merged = _merge(merged, term, recursive=recursive, list_merge=list_merge)
    return merged


def _merge(low: dict[Any, Any], high: dict[Any, Any], *, recursive: bool, list_merge: str) -> dict[Any, Any]:
    merged = dict(low)
    for key, value in high.items():
        old = low.get(key)
        if recursive and isinstance(old, dict) and isinstance(value, dict):
            merged[key] = _merge(old, value, recursive=recursive, list_merge=list_merge)
        elif isinstance(old, list) and isinstance(value, list):
            merged[key] = _merge_lists(old, value, list_merge)
        else:
            merged[key] = value
    return merged


def _merge_lists(low: list[Any], high: list[Any], how: str) -> list[Any]:
    ways: dict[str, Callable[[], list[Any]]] = {
        "replace": lambda: high,
        "keep": lambda: low,
        "append": lambda: low + high,
        "prepend": lambda: high + low,
        "append_rp": lambda: [item for item in low if item not in high] + high,
        "prepend_rp": lambda: high + [item for item in low if item not in high],
    }
    if how not in ways:
        raise FilterError(f"combine's list_merge is one of {', '.join(ways)}, got {how!r}")
    return ways[how]()


def extract(item: Any, container: Any, morekeys: Any = None) -> Any:
    """The item of a container, and further down by `morekeys`."""
    found = container[item]
    for key in [] if morekeys is None else morekeys if isinstance(morekeys, list) else [morekeys]:
        found = found[key]
    return found


def subelements(obj: Any, subelements: Any, skip_missing: bool = False) -> list[tuple[Any, Any]]:  # noqa: FBT001, FBT002
    """Pairs of each item and each element of the list it holds under a dotted key."""
    if not isinstance(obj, (list, dict)):
        raise FilterError("subelements expects a list of mappings or a mapping of mappings")
    if not isinstance(subelements, (str, list)):
        raise FilterError("subelements expects a dotted key or a list of keys")
    keys = subelements.split(".") if isinstance(subelements, str) else subelements
    items = list(obj.values()) if isinstance(obj, dict) else obj
    return [(item, element) for item in items for element in _elements(item, keys, skip_missing=skip_missing)]


def _elements(item: Any, keys: list[str], *, skip_missing: bool) -> list[Any]:
    found = item
    for key in keys:
        if not isinstance(found, dict):
            raise FilterError(f"subelements: {key!r} is looked up in a {type(found).__name__}, not a mapping")
        if key not in found:
            if skip_missing:
                return []
            raise FilterError(f"subelements: no key {key!r} in an item")
        found = found[key]
    if not isinstance(found, list):
        raise FilterError(f"subelements: {keys[-1]!r} holds a {type(found).__name__}, not a list")
    return found


def to_json(value: Any, **options: Any) -> str:
    """JSON in the order of the keys."""
    options.pop("default", None)
    return json.dumps(value, **options)


def to_nice_json(value: Any, indent: int = 4, sort_keys: bool = True, **options: Any) -> str:  # noqa: FBT001, FBT002
    """JSON with indents and sorted keys; keys that cannot be sorted give plain JSON, as Ansible does."""
    try:
        return json.dumps(value, indent=indent, sort_keys=sort_keys, separators=(",", ": "), **options)
    except TypeError:
        return json.dumps(value, **options)


def to_uuid(string: Any) -> str:
    """UUID version 5 in the name space that Copier uses."""
    return str(uuid.uuid5(_ANSIBLE_NAMESPACE, as_text(string)))


def type_debug(value: Any) -> str:
    """The type's name."""
    return type(value).__name__


ANSIBLE: Mapping[str, Callable[..., Any]] = {
    "ans_groupby": do_groupby,
    "b64decode": b64decode,
    "b64encode": b64encode,
    "basename": posixpath.basename,
    "bool": to_bool,
    "checksum": sha1,
    "combine": combine,
    "comment": comment,
    "dirname": posixpath.dirname,
    "extract": extract,
    "flatten": flatten,
    "from_json": json.loads,
    "from_yaml": from_yaml,
    "from_yaml_all": from_yaml_all,
    "hash": hash_text,
    "mandatory": mandatory,
    "md5": md5,
    "quote": quote,
    "regex_escape": regex_escape,
    "regex_findall": regex_findall,
    "regex_replace": regex_replace,
    "regex_search": regex_search,
    "sha1": sha1,
    "splitext": posixpath.splitext,
    "subelements": subelements,
    "ternary": ternary,
    "to_json": to_json,
    "to_nice_json": to_nice_json,
    "to_nice_yaml": to_nice_yaml,
    "to_uuid": to_uuid,
    "to_yaml": to_yaml,
    "type_debug": type_debug,
    "win_basename": ntpath.basename,
    "win_dirname": ntpath.dirname,
    "win_splitdrive": ntpath.splitdrive,
}

REFUSED: Mapping[str, str] = {
    "random": "an artifact must be the same each time: give the value as a variable, or derive it with hash or to_uuid",
    "ans_random": "an artifact must be the same each time: derive the value with hash or to_uuid",
    "random_mac": "an artifact must be the same each time: give the address as a variable",
    "shuffle": "an artifact must be the same each time: give the order as a variable",
    "strftime": "it depends on the clock and the machine's time zone: give the text as a variable",
    "to_datetime": "times depend on the machine: give the text as a variable",
    "expandvars": "it reads the machine's environment: give the value as a variable",
    "expanduser": "it reads the machine's environment: give the path as a variable",
    "fileglob": "it reads the machine's disk: use files of the template",
    "realpath": "it reads the machine's disk: give the path as a variable",
    "relpath": "it depends on the current folder: give the path as a variable",
}


def allowed_filters() -> dict[str, Callable[..., Any]]:
    """Jinja's filters without the refused ones, and Ansible's."""
    builtin = {name: function for name, function in FILTERS.items() if name not in REFUSED}
    return {**builtin, **ANSIBLE}
