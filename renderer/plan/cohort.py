"""Which sites share a base: the key of a site's cohort.

In: a merged Site, the fleet's publishing settings, the site's overlays. Out: a key.
Never: depends on a version of a template that a layer pins, or on what a layer says: these move a base's tag, and no
site to another cohort.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from renderer.types import Digest, compact_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from renderer.types import Json, Overlay, Publishing, Site

_DIGITS: Final = 32


def cohort_key(site: Site, fleet: str, publishing: Publishing, overlays: Sequence[Overlay] = ()) -> str:
    """32 hexadecimal digits; the same for sites that have the same labels, exceptions in their own pins, and overlays.

    Which objects an overlay edits is known after rendering only, so that all of a site's overlays count.
    """
    labels = [[label, site.labels.get(label, "")] for label in publishing.cohorts]
    return Digest.of(compact_json([fleet, labels, _own_pins(site), [one.file for one in overlays]])).hex[:_DIGITS]


def _own_pins(site: Site) -> list[list[Json]]:
    value = site.own.value if site.own is not None else None
    pins = value.get("templates") if isinstance(value, dict) else None
    return [[name, version] for name, version in sorted(pins.items())] if isinstance(pins, dict) else []
