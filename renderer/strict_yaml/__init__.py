"""Strict YAML: the one place that touches a YAML parser.

In: the text of one file. Out: plain JSON data with positions, or YamlError with every problem that could be found.
Never: composes recursively (libyaml's composer overflows the C stack on `[[[[`), guesses what a scalar means, or reads
files.

Accepted is only what YAML 1.1, YAML 1.2 and Kubernetes' Go parser read alike; the rest is refused with "quote it".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from renderer.exports import lazily

if TYPE_CHECKING:
    from renderer.strict_yaml.building import Tagged
    from renderer.strict_yaml.limits import INPUT_LIMITS, RENDERED_LIMITS, Limits, YamlError
    from renderer.strict_yaml.reading import load, load_all, load_certain, load_tagged
    from renderer.strict_yaml.splitting import Piece, split
    from renderer.strict_yaml.writing import dump_all
else:
    __getattr__ = lazily(
        __name__,
        {
            "building": "Tagged",
            "limits": "INPUT_LIMITS RENDERED_LIMITS Limits YamlError",
            "reading": "load load_all load_certain load_tagged",
            "splitting": "Piece split",
            "writing": "dump_all",
        },
    )

__all__ = [
    "INPUT_LIMITS",
    "RENDERED_LIMITS",
    "Limits",
    "Piece",
    "Tagged",
    "YamlError",
    "dump_all",
    "load",
    "load_all",
    "load_certain",
    "load_tagged",
    "split",
]
