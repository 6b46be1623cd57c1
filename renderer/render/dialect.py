"""What a template format adds to Jinja, and the words that messages about it use.

In: nothing. Out: Dialect values; the one of Copier stands here, others with their reader.
Never: is chosen by a template: the reader that compiles it decides.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from jinja2 import Undefined

from renderer.render.filters import allowed_filters
from renderer.render.path_join import pathjoin
from renderer.render.refusals import COPIER_CONF, REFUSED_NAMES
from renderer.render.undefined import AnswerUndefined
from renderer.render.yielding import YieldExtension

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from jinja2.ext import Extension


@dataclass(frozen=True, slots=True)
class Dialect:
    """One format's language. `members` are variables of which a template may use these members only.

    `undefined` is what stands for a variable that nobody gave.
    """

    tool: str
    declare: str
    filters: Callable[[], dict[str, Callable[..., Any]]]
    refused_names: Mapping[str, str]
    functions: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    extensions: tuple[type[Extension], ...] = ()
    members: Mapping[str, frozenset[str]] = field(default_factory=dict)
    undefined: type[Undefined] = AnswerUndefined


COPIER = Dialect(
    "Copier",
    "declare it as a question in copier.yml, or use `default`",
    allowed_filters,
    REFUSED_NAMES,
    {"pathjoin": pathjoin},
    (YieldExtension,),
    {"_copier_conf": COPIER_CONF},
)

# As `compat: copier` asks for: what nobody gave is an empty text.
LENIENT_COPIER = replace(COPIER, undefined=Undefined)
