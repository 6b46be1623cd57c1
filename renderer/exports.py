"""Names that a package offers, imported when somebody asks for one: a command pays for the modules that it uses.

In: which module of a package has which names. Out: the package's `__getattr__` (PEP 562).
Never: is seen by a type checker, which reads the imports beside it; a test holds the two against each other.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def lazily(package: str, homes: Mapping[str, str], modules: str = "") -> Callable[[str], Any]:
    """The `__getattr__` of `package`: `homes` maps its modules to their names, with spaces between.

    `modules` are those that are offered themselves. A name must not be that of a module: who imports the module would
    put it in the place of the name.
    """
    home_of = {name: home for home, names in homes.items() for name in names.split()}
    offered = frozenset(modules.split())

    def load(name: str) -> Any:
        if name in offered:
            return import_module(f"{package}.{name}")
        if name not in home_of:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        found = getattr(import_module(f"{package}.{home_of[name]}"), name)
        setattr(sys.modules[package], name, found)  # the next time it is not asked for here
        return found

    return load
