"""Where a new site's file belongs, as the fleet's other sites show.

In: labels, and the folders and labels of sites that are there. Out: a folder relative to sites/.
Never: reads a file, or gives a folder that leaves sites/.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# Without other sites to follow.
_USUAL: Final = ("region", "country")
_FOLDER: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def site_folder(labels: Mapping[str, str], known: Sequence[tuple[Sequence[str], Mapping[str, str]]]) -> str:
    """The folder for a site with `labels`; `known` are (parts of the folder, labels) of other sites. May be empty."""
    parts = [labels[label] for label in _USUAL if label in labels] if not known else _follow(labels, known)
    return "/".join(part for part in parts if _FOLDER.fullmatch(part))


def _follow(labels: Mapping[str, str], known: Sequence[tuple[Sequence[str], Mapping[str, str]]]) -> list[str]:
    """What most sites do, folder by folder: named like a label's value, or the same for all."""
    depth = Counter(len(parts) for parts, _ in known).most_common(1)[0][0]
    models = [(parts, given) for parts, given in known if len(parts) == depth]
    used: set[str] = set()
    folders: list[str] = []
    for level in range(depth):
        # Of equals the first counts, in the order of fleet.yaml: region before country.
        names = Counter(
            label
            for parts, given in models
            for label in labels
            if label not in used and given.get(label) == parts[level]
        )
        folder, votes = Counter(parts[level] for parts, _ in models).most_common(1)[0]
        label, agreeing = names.most_common(1)[0] if names else ("", 0)
        if agreeing * 2 > len(models):
            used.add(label)
            folders.append(labels[label])
        elif votes == len(models):
            folders.append(folder)
        else:
            break
    return folders
