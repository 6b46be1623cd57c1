"""Whether what a pattern found is a secret at all.

In: the text that a pattern took for one. Out: yes or no. Never: decides by the place that it stands in.

A name is no secret: `thanos-objstore`, `registryPullSecret` and `berlin-lab-03` are words, and words can be told from
what a generator makes. What is spelled like a name but secret all the same is therefore not found (docs/adr/0022).
"""

from __future__ import annotations

import base64
import binascii
import math
import re
from collections import Counter
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_QUOTES = ('\\"', '"', "'")
_HUMPS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+|[^A-Za-z0-9]+")
_SEGMENTS = re.compile(r"[A-Za-z0-9]+")
_DIGITS = re.compile(r"[0-9]+")
_BASE64_RUN = re.compile(r"[A-Za-z0-9+/]{16,}")
_VOWELS = re.compile(r"[aeiouy]", re.IGNORECASE)
_CONSONANTS = re.compile(r"[bcdfghjklmnpqrstvwxz]{5}", re.IGNORECASE)
# Of a name, most characters belong to words of a few letters; of what is random, next to none do.
_WORD, _SHARE, _LONGEST_WORD, _MOST_NUMBERS = 3, 0.6, 18, 2
_SHORTEST_PASSWORD, _SHORTEST_SECRET = 6, 8
_PROSE = 2
_IMAGE = re.compile(
    r"[a-z0-9._-]+(?::[0-9]+)?(?:/[a-z0-9._-]+)+(?::[\w.-]+)?(?:@sha256:[0-9a-f]{64})?|sha(?:256|384|512)[:-].*"
)
_SELECTOR = re.compile(r"[\w$.]+(?:\(.*\)|\[.*\])|[a-z_]+\.[a-z_.]+")


def quotes(text: str) -> tuple[int, int]:
    """How many characters of quoting stand at the beginning and at the end of `text`."""
    for quote in _QUOTES:
        if text.startswith(quote) and text.endswith(quote) and len(text) > len(quote):
            return len(quote), len(quote)
    return 0, len(text) - len(text.rstrip("\\"))


def entropy(text: str) -> float:
    """Shannon entropy in bits a character."""
    total = len(text)
    return -sum(count / total * math.log2(count / total) for count in Counter(text).values()) if total else 0.0


def is_name(text: str) -> bool:
    """Whether `text` reads like a name: mostly words, joined by case, digits or punctuation."""
    if any(len(_DIGITS.findall(part)) > _MOST_NUMBERS for part in _SEGMENTS.findall(text)):
        return False
    humps = [hump for hump in _HUMPS.findall(text) if hump.isalnum()]
    letters = sum(map(len, humps))
    words = sum(len(hump) for hump in humps if _is_word(hump))
    return letters == 0 or (words / letters >= _SHARE and letters / len(humps) >= _WORD)


def _is_word(hump: str) -> bool:
    return _WORD <= len(hump) <= _LONGEST_WORD and _VOWELS.search(hump) is not None and not _CONSONANTS.search(hump)


def is_password(text: str) -> bool:
    """Something that a person or a generator may have chosen: not a name, not prose."""
    if len(text) < _SHORTEST_PASSWORD or _is_prose(text) or _SELECTOR.fullmatch(text):
        return False
    return not is_name(text) or _is_decorated(text)


def is_opaque(text: str) -> bool:
    """Something that only a machine reads: letters and digits, not a name, a path or an image."""
    if len(text) < _SHORTEST_SECRET or _is_prose(text) or is_name(text) or _IMAGE.fullmatch(text):
        return False
    return not _SELECTOR.fullmatch(text) and is_mixed(text)


def is_mixed(text: str) -> bool:
    """Letters and digits, or both cases of letters: what names seldom have and random text nearly always."""
    has_digit = any(character.isdigit() for character in text)
    has_lower = any(character.islower() for character in text)
    has_upper = any(character.isupper() for character in text)
    return has_digit + has_lower + has_upper >= 2  # noqa: PLR2004 - two kinds


def is_basic(text: str) -> bool:
    """Base64 of USER:PASSWORD."""
    try:
        user, colon, password = base64.b64decode(text + "=" * (-len(text) % 4), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return False
    return bool(user and colon and password) and (user + password).isprintable()


def is_key_body(text: str) -> bool:
    """What stands in PEM between its lines; a placeholder has no such run of base64."""
    return _BASE64_RUN.search(text) is not None


def is_url_password(text: str) -> bool:
    """Anything but a variable, or the port of a URL that goes wrong later."""
    return not text.isdigit() and not text.startswith(("$", "{", "%(", "*"))


def _is_prose(text: str) -> bool:
    words = text.split()
    return len(words) > _PROSE and sum(word.strip(".,:;()'\"").isalpha() for word in words) * 2 > len(words)


def _is_decorated(text: str) -> bool:
    """A word that somebody made a password of: `Winter2026!`, `Sommer#1`."""
    kinds = (str.islower, str.isupper, str.isdigit)
    found = sum(any(kind(character) for character in text) for kind in kinds)
    return found + (re.search(r"[^\w.:/@ -]", text) is not None) >= 3  # noqa: PLR2004 - three kinds


CHECKS: Mapping[str, Callable[[str], bool]] = {
    "": lambda _: True,
    "basic": is_basic,
    "mixed": is_mixed,
    "opaque": is_opaque,
    "password": is_password,
    "pem": is_key_body,
    "url": is_url_password,
}
# Those to which a reference, `vault:lab/db#password` or a path, may look like a secret.
READING: Final = frozenset({"opaque", "password", "url"})
