"""Goes through all sites of a fleet once, and keeps of them what the rules ask.

In: the facts of each site, one after the other. Out: counts, and the first places of each kind.
Never: keeps the facts of a site: what is kept grows with the layers and the combinations of labels, not with sites;
of a site with values of its own, sixteen bytes tell whether another one is equal.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import TYPE_CHECKING, TypeAlias

from renderer.lint.views import Kind, Views

if TYPE_CHECKING:
    from collections.abc import Callable

    from renderer.lint.facts import Leaf, SiteFacts
    from renderer.types import KeyPath, Origin, TemplatePin

Layers: TypeAlias = "tuple[str, ...]"
Pins: TypeAlias = "tuple[TemplatePin, ...]"
# Whether templates read what stands at a path, or any part of it.
IsRead: TypeAlias = "Callable[[Pins, KeyPath], bool]"
PLACES_KEPT = 10


@dataclass(slots=True)
class Tally:
    """How often something was found, and the first places."""

    leaf: Leaf
    count: int = 0
    places: list[Origin] = field(default_factory=list)

    def add(self, place: Origin) -> None:
        """Count one more."""
        self.count += 1
        if len(self.places) < PLACES_KEPT:
            self.places.append(place)


@dataclass(slots=True)
class Shared:
    """What all sites of a layer have set in their own files so far, and how many sites those are."""

    leaves: dict[KeyPath, Leaf]
    sites: int = 1

    def narrow(self, own: dict[KeyPath, Leaf]) -> None:
        """One more site: what it does not set to the same is not shared."""
        self.sites += 1
        if self.leaves:
            self.leaves = {
                path: leaf for path, leaf in self.leaves.items() if path in own and own[path].key == leaf.key
            }


@dataclass
class Fleetwide:
    """What the rules ask, of the fleet as a whole."""

    views: Views
    is_read: IsRead
    combinations: Counter[tuple[Layers, Pins]] = field(default_factory=Counter)
    first: dict[Layers, SiteFacts] = field(default_factory=dict)
    labels: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    # Of the sites with these layers, how many do not see the leaf at a path, because of their own file.
    hidden: dict[Layers, Counter[KeyPath]] = field(default_factory=lambda: defaultdict(Counter))
    hiders: dict[Origin, Origin] = field(default_factory=dict)
    equal: dict[Origin, Tally] = field(default_factory=dict)
    nothing: dict[KeyPath, Tally] = field(default_factory=dict)
    unread: dict[KeyPath, Tally] = field(default_factory=dict)
    shared: dict[str, Shared] = field(default_factory=dict)
    twins: dict[bytes, tuple[Origin, list[str], int]] = field(default_factory=dict)


class Survey:
    """Fills a Fleetwide."""

    def __init__(self, fleetwide: Fleetwide) -> None:
        self.found = fleetwide

    def add(self, site: SiteFacts) -> None:
        """One site."""
        found = self.found
        found.combinations[site.layers, site.pins] += 1
        found.first.setdefault(site.layers, site)
        for label, value in site.labels.items():
            found.labels[label].add(value)
        self._note_effects(site)
        self._note_unread(site)
        self._note_shared(site)
        self._note_twin(site)

    def _note_effects(self, site: SiteFacts) -> None:
        found = self.found
        for effect in found.views.after(site.layers).effects(site.own):
            leaf, lower = effect.leaf, effect.lower
            if effect.kind is Kind.EQUAL and lower is not None:
                found.equal.setdefault(lower.origin, Tally(lower)).add(leaf.origin)
            elif effect.kind is Kind.NOTHING:
                found.nothing.setdefault(leaf.path, Tally(leaf)).add(leaf.origin)
            for hidden in effect.hidden:
                found.hidden[site.layers][hidden.path] += 1
                found.hiders.setdefault(hidden.origin, leaf.origin)

    def _note_unread(self, site: SiteFacts) -> None:
        for leaf in site.own:
            if not leaf.deletes and not self.found.is_read(site.pins, leaf.path):
                self.found.unread.setdefault(leaf.path, Tally(leaf)).add(leaf.origin)

    def _note_shared(self, site: SiteFacts) -> None:
        own = {leaf.path: leaf for leaf in site.own}
        for layer in site.layers:
            if layer in self.found.shared:
                self.found.shared[layer].narrow(own)
            else:
                self.found.shared[layer] = Shared(own)

    def _note_twin(self, site: SiteFacts) -> None:
        if not site.own:
            return  # many sites need nothing of their own
        text = repr((sorted(site.labels.items()), sorted((repr(leaf.path), leaf.key) for leaf in site.own)))
        key = blake2b(text.encode(), digest_size=16).digest()
        place, names, count = self.found.twins.get(key, (site.own[0].origin, [], 0))
        kept = [*names, site.name] if len(names) < PLACES_KEPT else names
        self.found.twins[key] = (place, kept, count + 1)
