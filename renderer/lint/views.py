"""What layers add up to, leaf by leaf, and what one more file does to it.

In: the leaves of layers. Out: views, and the effect of each leaf. Never: reads a file, or merges a site twice.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from renderer.lint.facts import Leaf
    from renderer.types import KeyPath


class Kind(Enum):
    """What a leaf does."""

    NEW = "sets what was not set"
    CHANGED = "replaces another value, or deletes one"
    EQUAL = "sets what is set already"
    NOTHING = "deletes what is not there"


class Effect(NamedTuple):
    """One leaf's effect on a view. `hidden` are the leaves that are no longer seen, `lower` one of them, if any."""

    leaf: Leaf
    kind: Kind
    hidden: tuple[Leaf, ...] = ()

    @property
    def lower(self) -> Leaf | None:
        """The leaf, or one of those, that this one takes the place of."""
        return self.hidden[0] if self.hidden else None


@dataclass(slots=True)
class View:
    """The leaves that are seen after some layers. `inner` counts the leaves below each path."""

    leaves: dict[KeyPath, Leaf] = field(default_factory=dict)
    inner: Counter[KeyPath] = field(default_factory=Counter)

    def effects(self, leaves: Iterable[Leaf]) -> list[Effect]:
        """What each leaf of the next file does."""
        return [self._effect(leaf) for leaf in leaves]

    def extended(self, effects: Iterable[Effect]) -> View:
        """The view with the next file."""
        view = View(dict(self.leaves), Counter(self.inner))
        for effect in effects:
            for leaf in effect.hidden:
                view.drop(leaf)
            if not effect.leaf.deletes:
                view.add(effect.leaf)
        return view

    def drop(self, leaf: Leaf) -> None:
        """Take a leaf away, unless that was done."""
        if self.leaves.pop(leaf.path, None) is not None:
            self.inner.subtract(_parents(leaf.path))

    def add(self, leaf: Leaf) -> None:
        """Add a leaf where there is none."""
        self.leaves[leaf.path] = leaf
        self.inner.update(_parents(leaf.path))

    def _effect(self, leaf: Leaf) -> Effect:
        old = self.leaves.get(leaf.path)
        if old is not None:
            return Effect(leaf, Kind.EQUAL if old.key == leaf.key else Kind.CHANGED, (old,))
        if self.inner[leaf.path] > 0:
            depth = len(leaf.path)
            return Effect(
                leaf, Kind.CHANGED, tuple(one for path, one in self.leaves.items() if path[:depth] == leaf.path)
            )
        above = next((self.leaves[path] for path in _parents(leaf.path) if path in self.leaves), None)
        if above is not None:
            return Effect(leaf, Kind.CHANGED, (above,))
        return Effect(leaf, Kind.NOTHING if leaf.deletes else Kind.NEW)


@dataclass
class Views:
    """The view after each tuple of layers that a site has; what layers share is worked out once.

    `leaves` gives the leaves of a layer. `effects` is what each layer does, once for each tuple of layers before it.
    """

    leaves: Callable[[str], tuple[Leaf, ...]]
    effects: dict[tuple[str, ...], list[Effect]] = field(default_factory=dict)
    _views: dict[tuple[str, ...], View] = field(default_factory=dict)

    def after(self, layers: tuple[str, ...]) -> View:
        """What a site with these layers sees of them."""
        if not layers:
            return View()
        if layers not in self._views:
            before = self.after(layers[:-1])
            effects = self.effects[layers] = before.effects(self.leaves(layers[-1]))
            self._views[layers] = before.extended(effects)
        return self._views[layers]


def _parents(path: KeyPath) -> Iterator[KeyPath]:
    return (path[:length] for length in range(1, len(path)))
