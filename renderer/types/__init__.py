"""The values that cross from one stage to the next.

In: nothing. Out: frozen dataclasses without behaviour beyond `parse` and `__str__`, which are inverse.
Never: does I/O, or imports another room of ours.
"""

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
from renderer.types.rollout import (
    Gate,
    HealthFeed,
    Rollout,
    Window,
)
from renderer.types.shard import Shard

__all__ = [
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
    "Gate",
    "GitSource",
    "Group",
    "HealthFeed",
    "Item",
    "Json",
    "KeyPath",
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
    "Receipt",
    "Reference",
    "References",
    "Rejected",
    "Release",
    "Risk",
    "Rollout",
    "SchemaSet",
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
    "Window",
    "compact_json",
]
