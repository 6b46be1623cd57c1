"""How large a text may be, and the error of one that is not strict YAML. Imports no parser."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from renderer.errors import ConfigurationError


class YamlError(ConfigurationError):
    """A text that is not strict YAML; `problems` holds everything found."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a text may be.

    `size` in bytes; `depth` of nesting; `nodes`: parser events, and as many values repeated by aliases; `aliases`;
    `problems`: how many are told before reading ends.
    """

    size: int = 1 << 20
    depth: int = 64
    nodes: int = 100_000
    aliases: int = 1_000
    problems: int = 100


INPUT_LIMITS: Final = Limits()
# A rendered file may hold CustomResourceDefinitions: megabytes, and schemas nested deeper than people write.
RENDERED_LIMITS: Final = Limits(size=16 << 20, depth=128, nodes=1_000_000, aliases=10_000)
