"""How what a site renders to is cut into artifacts.

In: nothing. Out: frozen values, and the names that artifacts and clusters agree on. Never: does I/O.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

# Repositories below the fleet's, of bases by key and of parts by site; no site's name has a slash.
BASES: Final = "bases/"
PARTS: Final = "parts/"
# In a part: the folder with the site's files, and the one with the object that tells where the base is.
PART_FOLDER: Final = "site"
POINTER_FOLDER: Final = "base"
# What that object calls the repository above the bases; the cluster knows which registry it pulls from.
BASES_VARIABLE: Final = "fleetpress_bases"


@dataclass(frozen=True, slots=True)
class Publishing:
    """One artifact for each site; or, when `shared`, a base for each cohort of sites and a small part for each site.

    A cohort has the same values of the labels `cohorts`. A base has the files that read nothing of `own`: paths of
    values and names of labels, each of which may be another one for every site.
    """

    shared: bool = False
    own: tuple[tuple[str, ...], ...] = ()
    cohorts: tuple[str, ...] = ()


def base_object(site: str) -> str:
    """What the Flux objects of a site's base are called in its cluster."""
    return f"{site}-base"
