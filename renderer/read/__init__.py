"""Reading a fleet repository: the fleet, its sites merged over their layers, templates, schemas, the git revision.

In: folders. Out: values of renderer.types; a site's trouble as Problems. Never: writes, renders, or talks to a network.
"""

from renderer.read.files import digest_of
from renderer.read.fleet import find_fleet, load_fleet
from renderer.read.interface import Check, Layer, Revision, SiteFile, SiteIndex
from renderer.read.layers import Layers
from renderer.read.merge import merge_patch
from renderer.read.revision import head
from renderer.read.schemas import load_schemas
from renderer.read.site import load_site
from renderer.read.sites import list_sites
from renderer.read.templates import list_versions, load_template
from renderer.read.trace import trace_site

__all__ = [
    "Check",
    "Layer",
    "Layers",
    "Revision",
    "SiteFile",
    "SiteIndex",
    "digest_of",
    "find_fleet",
    "head",
    "list_sites",
    "list_versions",
    "load_fleet",
    "load_schemas",
    "load_site",
    "load_template",
    "merge_patch",
    "trace_site",
]
