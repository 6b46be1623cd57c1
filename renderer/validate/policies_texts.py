"""Finds the hosts that a text names.

In: a string of an object, and the key that it stands at. Out: each host that it names, in its order.
Never: evaluates a text, or follows it anywhere. What looks like a URL and cannot be read is found as well.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from renderer.strict_yaml import YamlError, load_all
from renderer.validate.policies_hosts import Host, Unreadable, read_host

if TYPE_CHECKING:
    from collections.abc import Iterator

# Every part of these expressions is bounded: a text of a megabyte takes time in proportion to its length.
_END = r"\s/\\?#\"'`<>|^"
_URL = re.compile(rf"([a-z][a-z0-9+.-]{{0,30}})?://([^{_END}]*)", re.IGNORECASE)
# Forms that browsers, curl and others take for `https://`: another number of slashes, backslashes, none.
_LOOSE_URL = re.compile(rf"(?<![a-z])(https?|wss?|ftp):(?!//[^/\\])([/\\]*)([^{_END}]+)", re.IGNORECASE)
# Marks that end the host for one client, while another one reads on to the @.
_HIDDEN_HOST = re.compile(r"[\"'`<>|^\\][^\s/?#]*@")
_NAME = r"(?:[\w*-]{1,63}\.){1,40}[^\W\d_][\w-]{0,62}\.?"
_ADDRESS = r"\d{1,3}(?:\.\d{1,3}){3}|\[[0-9a-fA-F:.]{2,45}\]"
_HOST_PORT = re.compile(rf"(?:(?<=///)|(?<![\w./\\-]))({_NAME}|{_ADDRESS}):(\d{{1,5}})(?![\w.])")
# A URL that leaves the scheme to its reader.
_BARE_URL = re.compile(rf"(?:^|(?<=[=\"'(,\[\s]))//(?=(?:[^\s/@]{{1,64}}@)?(?:{_NAME}|{_ADDRESS})(?:[:/?#\s\"']|$))")
# git@host:path
_SCP = re.compile(rf"(?<![\w.-])[\w.-]{{1,64}}@({_NAME}):(?!\d{{1,5}}(?!\w)|//)")
_KEY = "host|hostname|server|address|addr|endpoint|url|uri|upstream|remote|broker|gateway|proxy|fqdn|dsn"
_KEYED = re.compile(
    rf"(?<![\w.-])([\w.-]{{0,80}}(?:{_KEY}))s?[\"']?\s*[:=]\s*\[?\s*[\"']?({_NAME}|{_ADDRESS})(?=[\s\"'`,;/\])}}]|$)",
    re.IGNORECASE,
)
# Keys of hosts that others ask, not the site.
_INBOUND = re.compile(r"ingress|listen|bind|advertise|external_?ur[li]", re.IGNORECASE)
# Words of two parts whose second one is no top-level domain.
_FILE = re.compile(r"[^.]+\.(ya?ml|json|conf|cfg|go|txt|crt|pem|log|sock|xml|toml|ini|tpl|tgz|gz|js)", re.IGNORECASE)
_RESOLVERS = ("dns", "xds", "passthrough", "ipv4", "ipv6")
_BREAKS = re.compile(r"[\t\r\n]+")
_AUTHORITY = re.compile(r"[^\s/\\?#]*")
_LONGEST_NESTED = 1 << 20


class Found(NamedTuple):
    """A host as it was named: `scheme` of the URL, empty for none; `at` is where in the text it begins."""

    host: Host | Unreadable
    scheme: str = ""
    at: int = 0


def hosts_in(text: str, key: str = "") -> list[Found]:
    """The hosts that `text`, the value of `key`, names; each once."""
    if ":" not in text and "." not in text:
        return []
    found = [*_plain(text, key), *(_nested(text) if "\\" in text else ())]
    return list({one[:2]: one for one in reversed(found)}.values())[::-1] if len(found) > 1 else found


def _plain(text: str, key: str) -> Iterator[Found]:
    yield from _urls(text)
    yield from _pairs(text)
    yield from _keyed(text, key)


def _urls(text: str) -> Iterator[Found]:
    for match in _URL.finditer(text):
        scheme, authority = (match[1] or "").lower(), match[2]
        if not authority and scheme.rpartition("+")[2] in _RESOLVERS:
            authority = _authority(text, match.end() + 1)
        yield from _listed(authority, scheme, match.start())
        if text[:1] not in ("{", "[") and _HIDDEN_HOST.match(text, match.end()):
            flaw = Unreadable("a mark in front of an @", "write a user name without marks, or leave it out")
            yield Found(flaw, scheme, match.start())
    for match in _LOOSE_URL.finditer(text):
        if match[2] or re.fullmatch(_NAME, match[3].partition(":")[0]):
            yield from _listed(match[3], match[1].lower(), match.start())
    for match in _BARE_URL.finditer(text):
        yield from _listed(_authority(text, match.end()), "", match.start())
    if _BREAKS.search(text.strip()):
        yield from _joined(text.strip())


def _authority(text: str, start: int) -> str:
    match = _AUTHORITY.match(text, start)
    return match[0] if match else ""


def _listed(text: str, scheme: str, at: int) -> Iterator[Found]:
    """The hosts of what stood between `://` and the path: databases and brokers have lists there."""
    userinfo, mark, hosts = text.rpartition("@")
    for number, part in enumerate(hosts.split(",")):
        one = _trimmed(part)
        if one:
            yield Found(read_host(one if number else userinfo + mark + one, scheme), scheme, at)


def _trimmed(text: str) -> str:
    """Without the punctuation of the sentence or list that a URL stands in, but with one final dot."""
    for opening, closing in ("[]", "{}", "()"):
        if opening not in text:
            text = text.partition(closing)[0]
    bare = text.rstrip(".;")
    return f"{bare}." if bare and text[len(bare) :].startswith(".") else bare


def _joined(text: str) -> Iterator[Found]:
    """Some clients leave out tabs and line breaks inside a URL: then what follows them belongs to the host."""
    first, *others = _BREAKS.split(text)
    match = _URL.fullmatch(first)
    if match and others and "://" not in others[0]:
        scheme = (match[1] or "").lower()
        yield from _listed(_authority(match[2] + others[0], 0), scheme, 0)


def _pairs(text: str) -> Iterator[Found]:
    for match in _HOST_PORT.finditer(text):
        if not _FILE.fullmatch(match[1]):
            yield Found(read_host(f"{match[1].lstrip('-')}:{match[2]}"), "", match.start())
    for match in _SCP.finditer(text):
        yield Found(read_host(match[1]), "ssh", match.start())


def _keyed(text: str, key: str) -> Iterator[Found]:
    if "." not in text and "[" not in text:
        return
    offset = len(key) + 2 if key else 0
    for match in _KEYED.finditer(f"{key}: {text}" if key else text):
        if not _INBOUND.search(match[1]) and not _FILE.fullmatch(match[2]):
            yield Found(read_host(match[2].lstrip("-")), "", max(match.start(2) - offset, 0))


def _nested(text: str) -> Iterator[Found]:
    """The strings of a text that is JSON or YAML itself: there a URL may be written with escapes."""
    if len(text) <= _LONGEST_NESTED:
        for value in _parsed(text):
            yield from _leaves(value, "")


def _parsed(text: str) -> list[Any]:
    if text.lstrip()[:1] in ("{", "["):
        try:
            return [json.loads(text)]
        except (ValueError, RecursionError):
            pass
    try:
        return [document.value for document in load_all(text, "text")]
    except YamlError:
        return []


def _leaves(value: object, key: str) -> Iterator[Found]:
    if isinstance(value, str):
        yield from _plain(value, key)
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from _leaves(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(inner, key)
