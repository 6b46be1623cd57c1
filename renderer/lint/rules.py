"""The rules: each looks at a surveyed fleet, and tells what it finds.

In: a Fleetwide, and the leaves of the layers. Out: problems, all of them warnings.
Never: shows a value.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from renderer.errors import Code
from renderer.lint.views import Kind
from renderer.types import Origin, Problem, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from renderer.lint.facts import Leaf
    from renderer.lint.survey import Fleetwide, Layers, Tally
    from renderer.lint.views import Effect
    from renderer.types import KeyPath

# Fewer sites that agree may do so by chance.
_FEWEST_SITES = 3
_MOST_REPEATED = 20
_NAMED = 5


def unneeded_values(fleet: Fleetwide) -> Iterator[Problem]:
    """Values in layers and site files that change nothing: set already, overridden everywhere, read by nobody."""
    done: dict[Origin, list[Effect]] = defaultdict(list)
    for effects in fleet.views.effects.values():
        for effect in effects:
            done[effect.leaf.origin].append(effect)
            for hidden in effect.hidden:
                fleet.hiders.setdefault(hidden.origin, effect.leaf.origin)
    seen, read = _seen(fleet)
    for effects in done.values():
        yield from _of_layer(fleet, effects, seen, read)
    for origin, tally in fleet.equal.items():
        yield _equal(tally.leaf, tally, origin)
    for tally in fleet.nothing.values():
        what = f"{tally.leaf.dotted} is deleted where it is not set{_in_files(tally)}"
        yield _told(Code.OVERRIDE_EQUAL, what, tally.places[0], "remove the line", tally.places[1:])
    for tally in fleet.unread.values():
        yield _unread(tally.leaf, tally.places, _in_files(tally))


def _seen(fleet: Fleetwide) -> tuple[set[Origin], set[Origin]]:
    """The leaves of layers that some site sees, and those that some site's templates read."""
    seen: set[Origin] = set()
    read: set[Origin] = set()
    sites: dict[Layers, int] = defaultdict(int)
    for (layers, pins), count in fleet.combinations.items():
        sites[layers] += count
        leaves = fleet.views.after(layers).leaves.values()
        read.update(leaf.origin for leaf in leaves if leaf.origin not in read and fleet.is_read(pins, leaf.path))
    for layers, count in sites.items():
        hidden: Mapping[KeyPath, int] = fleet.hidden.get(layers, {})
        leaves = fleet.views.after(layers).leaves.values()
        seen.update(leaf.origin for leaf in leaves if hidden.get(leaf.path, 0) < count)
    return seen, read


def _of_layer(fleet: Fleetwide, effects: Sequence[Effect], seen: set[Origin], read: set[Origin]) -> Iterator[Problem]:
    """What is wrong with one leaf of a layer; `effects` are what it does after each tuple of layers."""
    leaf, kinds = effects[0].leaf, {effect.kind for effect in effects}
    lower = effects[0].lower
    if kinds == {Kind.EQUAL} and lower is not None:
        what = f"{leaf.dotted} is set to what {lower.origin} sets already"
        yield _told(Code.OVERRIDE_EQUAL, what, leaf.origin, "remove the line", [lower.origin])
    elif kinds == {Kind.NOTHING}:
        yield _told(
            Code.OVERRIDE_EQUAL, f"{leaf.dotted} is deleted where it is not set", leaf.origin, "remove the line"
        )
    elif leaf.deletes:
        return
    elif leaf.origin not in seen:
        hider = fleet.hiders.get(leaf.origin)
        by = f", as by {hider}" if hider else ""
        what = f"{leaf.dotted} is overridden or deleted for every site of this layer{by}"
        hint = "remove the line, or what overrides it"
        yield _told(Code.VALUE_HIDDEN, what, leaf.origin, hint, [hider] if hider else [])
    elif leaf.origin not in read:
        yield _unread(leaf, [leaf.origin], "")


def _unread(leaf: Leaf, places: Sequence[Origin], files: str) -> Problem:
    what = f"no template reads {leaf.dotted} at the sites that have it{files}"
    return _told(Code.VALUE_UNREAD, what, places[0], "remove it, or correct its name", places[1:])


def _equal(leaf: Leaf, tally: Tally, lower: Origin) -> Problem:
    what = f"{leaf.dotted} is set to what {lower} sets already{_in_files(tally)}"
    return _told(Code.OVERRIDE_EQUAL, what, tally.places[0], "remove the line", [lower, *tally.places[1:]])


def _in_files(tally: Tally) -> str:
    return f", in {tally.count:,} site files" if tally.count > 1 else ""


def repeated_values(fleet: Fleetwide, order: Sequence[str]) -> Iterator[Problem]:
    """Values that all sites of a layer set alike in their own files. `order` are the layers, general to specific."""
    told: dict[KeyPath, set[str]] = defaultdict(set)
    found: list[tuple[int, Problem]] = []
    for layer in order:
        shared = fleet.shared.get(layer)
        if shared is None or shared.sites < _FEWEST_SITES:
            continue
        tuples = [layers for layers in fleet.first if layer in layers]
        paths = [path for path in shared.leaves if not all(told[path] & set(layers) for layers in tuples)]
        for path in paths:
            told[path].add(layer)
        if paths:
            found.append((shared.sites * len(paths), _repeated(layer, shared.sites, [shared.leaves[p] for p in paths])))
    yield from (problem for _, problem in sorted(found, key=lambda one: -one[0])[:_MOST_REPEATED])


def _repeated(layer: str, sites: int, leaves: Sequence[Leaf]) -> Problem:
    names = _some(leaf.dotted for leaf in leaves)
    what = f"all {sites:,} sites of the layer {layer} set the same in their own files: {names}"
    hint = f"move it to layers/{layer}, unless a layer after it sets something else"
    return _told(Code.VALUE_REPEATED, what, leaves[0].origin, hint, [leaf.origin for leaf in leaves[1:]])


def twins(fleet: Fleetwide) -> Iterator[Problem]:
    """Sites that have values of their own, and yet the same ones, and the same labels."""
    for place, names, count in fleet.twins.values():
        if count > 1:
            what = (
                f"{count:,} sites differ in nothing but the name, and have values of their own: {_some(names, count)}"
            )
            yield _told(Code.SITE_TWIN, what, place, "is one of them a copy that was never adapted?")


def generic_sites(fleet: Fleetwide, shared_by_all: Iterable[str]) -> Iterator[Problem]:
    """Sites whose labels choose nothing: all layers but those that every site has are empty."""
    general = set(shared_by_all)
    counts: dict[Layers, int] = defaultdict(int)
    for (layers, _), count in fleet.combinations.items():
        counts[layers] += count
    for layers, site in fleet.first.items():
        chosen = [layer for layer in layers if layer not in general]
        if chosen and not any(map(fleet.views.leaves, chosen)):
            more = f", and {counts[layers] - 1:,} more sites" if counts[layers] > 1 else ""
            what = f"nothing but the layers of all sites applies to {site.name}{more}: {_some(chosen)} are empty"
            yield _told(Code.SITE_GENERIC, what, Origin(site.file), "fill one of them, or drop the layers")


def _told(code: Code, what: str, where: Origin, hint: str, causes: Iterable[Origin] = ()) -> Problem:
    return Problem(code, what, where, hint, severity=Severity.WARNING, causes=tuple(causes))


def _some(names: Iterable[str], count: int | None = None) -> str:
    listed = list(names)
    more = (len(listed) if count is None else count) - _NAMED
    return ", ".join(listed[:_NAMED]) + (f" and {more:,} more" if more > 0 else "")
