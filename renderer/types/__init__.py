"""The values that cross from one stage to the next.

In: nothing. Out: frozen dataclasses without behaviour beyond `parse` and `__str__`, which are inverse.
Never: does I/O, or imports another room of ours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from renderer.exports import lazily

if TYPE_CHECKING:
    from renderer.types.artifact import (
        Artifact,
        Blob,
        Manifest,
        Manifests,
        Outcome,
        Receipt,
        Rejected,
        Release,
        Signature,
        SignatureFormat,
    )
    from renderer.types.changes import (
        Action,
        FieldChange,
        Item,
        ObjectChange,
        ObjectKey,
        Spot,
        Step,
    )
    from renderer.types.differences import (
        Change,
        FleetDifference,
        Group,
        Risk,
        Shared,
        SiteChange,
        SiteState,
    )
    from renderer.types.fleet import (
        ClusterSettings,
        Fleet,
        GitSource,
        OciSource,
        References,
        SchemaSet,
        Site,
        TemplateFile,
        TemplatePin,
        TemplateSource,
        TemplateTree,
        Trace,
    )
    from renderer.types.names import (
        Digest,
        Json,
        KeyPath,
        Reference,
        compact_json,
    )
    from renderer.types.overlay import (
        ObjectPattern,
        Overlay,
        OverlayEdit,
    )
    from renderer.types.problems import (
        Document,
        Origin,
        Problem,
        Severity,
    )
    from renderer.types.publishing import (
        BASES,
        BASES_VARIABLE,
        PART_FOLDER,
        PARTS,
        POINTER_FOLDER,
        Publishing,
        base_object,
    )
    from renderer.types.rollout import (
        Freeze,
        Gate,
        HealthFeed,
        Limits,
        Rollout,
        Window,
    )
    from renderer.types.shard import Shard
    from renderer.types.waivers import (
        SITE_KEY,
        Scope,
        Waived,
        Waiver,
    )
else:
    __getattr__ = lazily(
        __name__,
        {
            "artifact": "Artifact Blob Manifest Manifests Outcome Receipt Rejected Release Signature SignatureFormat",
            "changes": "Action FieldChange Item ObjectChange ObjectKey Spot Step",
            "differences": "Change FleetDifference Group Risk Shared SiteChange SiteState",
            "fleet": (
                "ClusterSettings Fleet GitSource OciSource References SchemaSet Site TemplateFile TemplatePin "
                "TemplateSource TemplateTree Trace"
            ),
            "names": "Digest Json KeyPath Reference compact_json",
            "overlay": "ObjectPattern Overlay OverlayEdit",
            "problems": "Document Origin Problem Severity",
            "publishing": "BASES BASES_VARIABLE PARTS PART_FOLDER POINTER_FOLDER Publishing base_object",
            "rollout": "Freeze Gate HealthFeed Limits Rollout Window",
            "shard": "Shard",
            "waivers": "SITE_KEY Scope Waived Waiver",
        },
    )

__all__ = [
    "BASES",
    "BASES_VARIABLE",
    "PARTS",
    "PART_FOLDER",
    "POINTER_FOLDER",
    "SITE_KEY",
    "Action",
    "Artifact",
    "Blob",
    "Change",
    "ClusterSettings",
    "Digest",
    "Document",
    "FieldChange",
    "Fleet",
    "FleetDifference",
    "Freeze",
    "Gate",
    "GitSource",
    "Group",
    "HealthFeed",
    "Item",
    "Json",
    "KeyPath",
    "Limits",
    "Manifest",
    "Manifests",
    "ObjectChange",
    "ObjectKey",
    "ObjectPattern",
    "OciSource",
    "Origin",
    "Outcome",
    "Overlay",
    "OverlayEdit",
    "Problem",
    "Publishing",
    "Receipt",
    "Reference",
    "References",
    "Rejected",
    "Release",
    "Risk",
    "Rollout",
    "SchemaSet",
    "Scope",
    "Severity",
    "Shard",
    "Shared",
    "Signature",
    "SignatureFormat",
    "Site",
    "SiteChange",
    "SiteState",
    "Spot",
    "Step",
    "TemplateFile",
    "TemplatePin",
    "TemplateSource",
    "TemplateTree",
    "Trace",
    "Waived",
    "Waiver",
    "Window",
    "base_object",
    "compact_json",
]
