"""One digest over everything that a site's artifact depends on.

In: a merged Site and the digests of what is shared. Out: a Digest. Never: depends on file names, comments, the order of
layers or anything else that cannot change a rendered byte.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from renderer.types import Digest, compact_json

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from renderer.types import Overlay, OverlayEdit, Site, TemplatePin


def fingerprint(
    site: Site,
    fleet: str,
    templates: Mapping[TemplatePin, Digest],
    settings: Digest,
    overlays: Sequence[Overlay] = (),
) -> Digest:
    """Digest of what `site` renders from: its values in their order, labels, template contents, and `settings`.

    `settings` stands for what all sites share: schemas, the fleet's validation rules, the version of this program.
    Of its `overlays` counts what they do, not why, or for whom else. Values keep the order of their keys, because a
    template may loop over them; labels have none.
    """
    parts = [
        fleet,
        site.name,
        sorted(site.labels.items()),
        site.values,
        [[pin.name, pin.version, templates[pin].hex] for pin in site.templates],
        settings.hex,
        *([[_edit(edit) for one in overlays for edit in one.edits]] if overlays else ()),
    ]
    return Digest.of(compact_json(parts))


def _edit(edit: OverlayEdit) -> list[object]:
    pattern = edit.pattern
    target = [pattern.group, pattern.kind, pattern.namespace, pattern.name]
    return [target, edit.merge, [dict(operation) for operation in edit.operations]]
