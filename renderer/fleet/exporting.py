"""Carries artifacts out of a target into one file: verified first, with their signatures.

In: the receipts of `verify`, the target that they are of, a parcel. Out: a receipt for each site.
Never: carries what a cluster would refuse, or lets one site keep the others from being carried.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from renderer.errors import PublishError
from renderer.types import Outcome, Reference

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from renderer.publish import Parcel, Target
    from renderer.types import Receipt


def export(verified: Iterable[Receipt], target: Target, parcel: Parcel) -> Iterator[Receipt]:
    """Add the artifact of each receipt that is VERIFIED, and its base once; the others stay as they are."""
    carried: set[str] = set()
    for receipt in verified:
        yield _exported(receipt, target, parcel, carried) if receipt.outcome is Outcome.VERIFIED else receipt


def _exported(receipt: Receipt, target: Target, parcel: Parcel, carried: set[str]) -> Receipt:
    due = [receipt.reference] if receipt.base in {"", *carried} else [receipt.base, receipt.reference]
    try:
        written = sum(parcel.add(target, Reference.parse(one)) for one in due)
        carried.add(receipt.base)
    except PublishError as error:
        told = tuple(replace(problem, site=receipt.site) for problem in error.problems)
        return replace(receipt, outcome=Outcome.FAILED, problems=told)
    return replace(receipt, outcome=Outcome.EXPORTED, uploads=written)
