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
    """Add the artifact of each receipt that is VERIFIED; the others stay as they are."""
    for receipt in verified:
        yield _exported(receipt, target, parcel) if receipt.outcome is Outcome.VERIFIED else receipt


def _exported(receipt: Receipt, target: Target, parcel: Parcel) -> Receipt:
    try:
        written = parcel.add(target, Reference.parse(receipt.reference))
    except PublishError as error:
        told = tuple(replace(problem, site=receipt.site) for problem in error.problems)
        return replace(receipt, outcome=Outcome.FAILED, problems=told)
    return replace(receipt, outcome=Outcome.EXPORTED, uploads=written)
