"""Puts sites with the same change together.

In: SiteChange values, and the changes by digest. Out: groups, the riskiest first; and each site's own change again.
Never: puts two sites together whose changes differ in more than the words that are the sites' own.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Final

from renderer.diff.placeholders import fill_change
from renderer.diff.site import unblanked
from renderer.types import Action, Group, Risk, Shared, SiteState

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from renderer.types import Change, ObjectChange, ObjectKey, SiteChange

_LOST: Final = frozenset(
    {
        ("", "Namespace"),
        ("", "PersistentVolumeClaim"),
        ("", "PersistentVolume"),
        ("apiextensions.k8s.io", "CustomResourceDefinition"),
    }
)
_ACCESS_GROUP: Final = "rbac.authorization.k8s.io"
_IMAGES: Final = frozenset({"image", "images", "newTag", "newName"})


def make_groups(sites: Iterable[SiteChange], changes: Mapping[str, Change], labels: Sequence[str]) -> tuple[Group, ...]:
    """All groups, by risk, then the largest first."""
    found: dict[tuple[str, SiteState], list[SiteChange]] = defaultdict(list)
    for site in sites:
        found[site.digest, site.state].append(site)
    groups = [_group(digest, state, changes[digest], members, labels) for (digest, state), members in found.items()]
    return tuple(sorted(groups, key=lambda group: (group.risk, -len(group.sites), group.state, group.digest)))


def _group(digest: str, state: SiteState, change: Change, sites: Sequence[SiteChange], labels: Sequence[str]) -> Group:
    return Group(digest, state, risk_of(change.changes, state), change, tuple(sites), _counts(sites, labels))


def ungrouped(groups: Iterable[Group]) -> dict[str, tuple[ObjectChange, ...]]:
    """Each site's own change: exactly what comparing the site alone gives."""
    found = dict(pair for group in groups for pair in _own_changes(group))
    return dict(sorted(found.items()))


def _own_changes(group: Group) -> Iterator[tuple[str, tuple[ObjectChange, ...]]]:
    """The change of each site of a group, in the site's words; sites with the same words share it."""
    known: dict[tuple[str, ...], tuple[ObjectChange, ...]] = {}
    for site in group.sites:
        if site.values not in known:
            words = dict(zip(group.change.names, site.values, strict=True))
            known[site.values] = unblanked(group.change.changes, words)
        yield site.site, known[site.values]


def in_common(group: Group) -> tuple[tuple[ObjectChange, ...], tuple[str, ...]]:
    """The group's changes with the words that all of its sites share, and the placeholders that are left."""
    shared = _common_words(group)
    left = tuple(name for name in group.change.names if name not in shared)
    return unblanked(group.change.changes, shared), left


def by_object(groups: Sequence[Group]) -> tuple[Shared, ...]:
    """What changes, object by object, in however many groups; the riskiest first, then what most sites have."""
    found: dict[str, tuple[ObjectChange, list[int]]] = {}
    for place, group in enumerate(groups):
        for change in group.change.changes:
            found.setdefault(repr(change), (change, []))[1].append(place)
    words = [_common_words(group) for group in groups]
    shared = [_shared(change, [*dict.fromkeys(places)], groups, words) for change, places in found.values()]
    return tuple(sorted(shared, key=lambda one: (_risk(one.change), -one.sites, one.change.key)))


def _shared(
    change: ObjectChange, places: Sequence[int], groups: Sequence[Group], words: Sequence[Mapping[str, str]]
) -> Shared:
    first, *others = (words[place] for place in places)
    common = {name: word for name, word in first.items() if all(other.get(name) == word for other in others)}
    return Shared(fill_change(change, common), tuple(places), sum(len(groups[place].sites) for place in places))


def _common_words(group: Group) -> dict[str, str]:
    """The words that all sites of a group share."""
    names = group.change.names
    left = dict(enumerate(group.sites[0].values))
    for site in group.sites:
        if not left:
            break
        left = {place: word for place, word in left.items() if site.values[place] == word}
    return {names[place]: word for place, word in left.items()}


def risk_of(changes: Iterable[ObjectChange], state: SiteState) -> Risk:
    """The worst that a change does. What a site that is gone had is not removed from its cluster by publishing."""
    if state is SiteState.GONE:
        return Risk.REMOVAL
    return min((_risk(change) for change in changes), default=Risk.CHANGE)


def _risk(change: ObjectChange) -> Risk:
    # To a cluster, a renamed object is one that is removed and another that is added.
    removed = change.key if change.action is Action.REMOVED else change.was
    if removed is not None and (removed.group, removed.kind) in _LOST:
        return Risk.LOSS
    if _is_access(change.key) or (removed is not None and _is_access(removed)):
        return Risk.ACCESS
    if removed is not None:
        return Risk.REMOVAL
    if change.action is Action.MOVED:
        return Risk.MOVE
    return Risk.IMAGE if any(_IMAGES.intersection(map(str, field.path)) for field in change.fields) else Risk.CHANGE


def _is_access(key: ObjectKey) -> bool:
    return key.group == _ACCESS_GROUP or (key.group, key.kind) == ("", "ServiceAccount")


def _counts(sites: Sequence[SiteChange], labels: Sequence[str]) -> dict[str, dict[str, int]]:
    columns = zip(*(site.labels for site in sites), strict=False)
    return {
        label: dict(sorted(Counter(column).items(), key=lambda pair: (-pair[1], pair[0])))
        for label, column in zip(labels, columns, strict=False)
    }
