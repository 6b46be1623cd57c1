"""What a plain scalar means, where all parsers agree.

In: the text of a scalar. Out: its value, or AMBIGUOUS. Never: guesses.
"""

from __future__ import annotations

import re
from decimal import Decimal
from itertools import product
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

    from renderer.types import Json

    # What a plain scalar means to one parser.
    Judge: TypeAlias = "Callable[[str], Json | Ambiguous]"


class Ambiguous:
    """The value of a plain scalar that parsers disagree about."""


AMBIGUOUS: Final = Ambiguous()


def _casings(word: str) -> list[str]:
    return ["".join(letters) for letters in product(*((c.lower(), c.upper()) for c in word))]


# true/True/TRUE and null/Null/NULL/~ mean the same everywhere. Other casings (tRUE) are strings, and surely a slip.
WORDS: Final[dict[str, Json | Ambiguous]] = {
    **{
        text: AMBIGUOUS
        for word in ("yes", "no", "on", "off", "y", "n", "true", "false", "null")
        for text in _casings(word)
    },
    **dict.fromkeys(("=", "<<"), AMBIGUOUS),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
}
NUMERIC: Final = frozenset("0123456789+-.")
_NUMBER: Final = re.compile(
    r"""
    (?P<int> 0 | -?[1-9][0-9]{0,18} )
  | (?P<float> -?(?:0|[1-9][0-9]*)\.[0-9]+ )
  | (?P<ambiguous>
        [-+]?[0-9][0-9_]*(?:\.[0-9_]*)?(?:[eE][-+]?[0-9]+)?             # 0644, 1_000, +1, 1., 1e3, 8728e5
      | [-+]?\.[0-9][0-9_]*(?:[eE][-+]?[0-9]+)?                         # .5
      | [-+]?0(?:[xX][0-9a-fA-F_]+|[oO][0-7_]+|[bB][01_]+)              # 0x1f, 0o17, 0b1
      | [-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?                # 12:30:45 and 22:22 count in sixties
      | [-+]?\.(?:[iI][nN][fF]|[nN][aA][nN])                            # .inf, .nan
      | [0-9]{4}-[0-9]{1,2}-[0-9]{1,2}                                  # dates and timestamps
        (?:(?:[Tt]|[ \t]+)[0-9:.]+[ \t]*(?:[Zz]|[-+][0-9:]+)?)?
    )""",
    re.VERBOSE,
)
# Not printable to YAML, or (NEL, LS, PS) a line break to YAML 1.1 but not to 1.2.
UNPRINTABLE: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")
_INT64: Final = 1 << 63
_LONGEST_NUMBER: Final = 40


def resolve(text: str) -> Json | Ambiguous:
    """Value of a plain scalar; `AMBIGUOUS` where parsers differ."""
    if text in WORDS:
        return WORDS[text]
    if text[0] not in NUMERIC:
        return text
    match = _NUMBER.fullmatch(text)
    if match is None:
        # Kubernetes' parser drops every underscore before it looks for a number: 0E0_ is one.
        return AMBIGUOUS if "_" in text and _NUMBER.fullmatch(text.replace("_", "")) else text
    if match.lastgroup == "int":
        number = int(text)
        return number if -_INT64 <= number < _INT64 else AMBIGUOUS
    if match.lastgroup == "float" and len(text) <= _LONGEST_NUMBER:
        return _resolve_float(text)
    return AMBIGUOUS


def _resolve_float(text: str) -> float | Ambiguous:
    """Value of a decimal fraction whose text survives reading and writing: 1.2 does, 1.20 does not."""
    number = float(text)
    written = repr(number)
    if "e" in written:
        written = format(Decimal(written), "f")
    return number if written == text and (number or text[0] != "-") else AMBIGUOUS


def excerpt(text: str) -> str:
    """At most 60 characters of `text`, printable."""
    shown = text if len(text) <= 50 else f"{text[:47]}..."  # noqa: PLR2004 - room for escapes
    return shown if shown.isprintable() else ascii(shown)[1:-1][:60]
