"""The filters that write YAML and comments.

In: plain data. Out: the text that Copier's Ansible filter package writes for it.
Never: writes or reads YAML tags: what is not plain data is an error.
"""

from __future__ import annotations

from typing import Any

from renderer import strict_yaml
from renderer.errors import ConfigurationError

_PLAIN = (str, int, float, bool, type(None))
_NICE_INDENT = 4

_COMMENT_STYLES: dict[str, dict[str, str]] = {
    "plain": {"decoration": "# "},
    "erlang": {"decoration": "% "},
    "c": {"decoration": "// "},
    "cblock": {"beginning": "/*", "decoration": " * ", "end": " */"},
    "xml": {"beginning": "<!--", "decoration": " - ", "end": "-->"},
}


def _check_plain(value: Any) -> None:
    stack = [value]
    while stack:
        item = stack.pop()
        if type(item) is dict:
            stack.extend(item)
            stack.extend(item.values())
        elif type(item) is list:
            stack.extend(item)
        elif type(item) not in _PLAIN:
            raise TypeError(
                f"cannot be written as YAML: {type(item).__name__}; pass it through `list` or `string` first"
            )


def to_yaml(value: Any, *_ignored: Any, **options: Any) -> str:
    """YAML with the innermost collections on one line."""
    return _dump(value, {"default_flow_style": None, **options})


def to_nice_yaml(value: Any, indent: int = _NICE_INDENT, *_ignored: Any, **options: Any) -> str:
    """YAML over many lines."""
    if "default_flow_style" in options:
        raise TypeError("to_nice_yaml sets default_flow_style itself: use to_yaml")
    return _dump(value, {"indent": indent, "default_flow_style": False, **options})


def _dump(value: Any, options: dict[str, Any]) -> str:
    import yaml

    _check_plain(value)
    text: str = yaml.dump(value, Dumper=yaml.SafeDumper, allow_unicode=True, **options)
    return text


def from_yaml(data: Any) -> Any:
    """The value of a YAML text; anything else as it is. Text that YAML parsers read differently is an error."""
    return parse_yaml(data) if isinstance(data, str) else data


def from_yaml_all(data: Any) -> Any:
    """The values of a YAML text with several documents, as a list."""
    if not isinstance(data, str):
        return data
    try:
        return [document.value for document in strict_yaml.load_all(data, "from_yaml_all")]
    except ConfigurationError as error:
        raise ValueError(_reasons(error)) from None


def parse_yaml(text: str) -> Any:
    """Read one YAML document strictly; raises ValueError with what is wrong."""
    try:
        return strict_yaml.load(text, "value").value
    except ConfigurationError as error:
        raise ValueError(_reasons(error)) from None


def _reasons(error: ConfigurationError) -> str:
    return "; ".join(problem.what for problem in error.problems[:3]) or str(error)


def comment(text: str, style: str = "plain", **options: Any) -> str:
    """The text as a comment, in Ansible's styles."""
    given: dict[str, Any] = {"newline": "\n", "beginning": "", "prefix_count": 1, "postfix_count": 1, "end": ""}
    given = {**given, **_COMMENT_STYLES[style], **options}
    decoration, newline = given["decoration"], given["newline"]
    given = {"prefix": decoration.rstrip(), "postfix": decoration.rstrip(), **given}
    before = f"{given['beginning']}{newline}" if given["beginning"] else ""
    prefix = f"{given['prefix']}{newline}" * given["prefix_count"]
    body = newline.join(decoration + line for line in text.split("\n"))
    body = body.replace(decoration + newline, decoration.rstrip() + newline)
    after = f"{newline}{given['postfix']}" * given["postfix_count"]
    end = newline + given["end"] if given["end"] else ""
    return f"{before}{prefix}{body}{after}{end}"
