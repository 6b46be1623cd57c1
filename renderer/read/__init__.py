"""Reading a fleet repository: the fleet, its sites merged over their layers, templates, schemas, the git revision.

In: folders. Out: values of renderer.types; a site's trouble as Problems. Never: writes, renders, or talks to a network.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from renderer.exports import lazily

if TYPE_CHECKING:
    from renderer.read.cases import EXPECT_ERROR, EXPECTED, Case, cases_among, load_cases
    from renderer.read.catalogue import CATALOGUE, Catalogue, Provenance, crds_folder, definition_files, load_catalogue
    from renderer.read.checkout import Checkout, look_early
    from renderer.read.files import digest_of, digest_of_folder
    from renderer.read.finding import find_fleet
    from renderer.read.fleet import load_fleet
    from renderer.read.git_command import GitFailure
    from renderer.read.git_objects import Objects
    from renderer.read.interface import (
        Access,
        Artifacts,
        Check,
        Layer,
        Lock,
        Locked,
        Revision,
        SiteFile,
        SiteIndex,
        SourceKind,
    )
    from renderer.read.layers import Layers, layer_files, layer_names
    from renderer.read.library import Library
    from renderer.read.lock import dump_lock, load_lock, lock_path
    from renderer.read.merge import merge_patch
    from renderer.read.overlays import Overlays, load_overlays
    from renderer.read.past import commits_since, past_template
    from renderer.read.ranges import NEXT, VERSION, is_range, newest, order, parse_version
    from renderer.read.revision import head
    from renderer.read.revisions import PastFile, list_commit, list_index, open_objects, resolve_commit
    from renderer.read.schemas import load_schemas, load_secrets
    from renderer.read.selector import Need, Selector, misspelt, parse_selector
    from renderer.read.site import load_site, read_site, site_labels
    from renderer.read.site_changes import Changes, Committed, Seen, changed_sites, committed_sites
    from renderer.read.sites import list_sites
    from renderer.read.templates import has_folder, list_versions, load_files, load_template, missing, tree_of
    from renderer.read.trace import trace_site
    from renderer.read.waivers import load_waivers
else:
    __getattr__ = lazily(
        __name__,
        {
            "cases": "EXPECT_ERROR EXPECTED Case cases_among load_cases",
            "catalogue": "CATALOGUE Catalogue Provenance crds_folder definition_files load_catalogue",
            "checkout": "Checkout look_early",
            "files": "digest_of digest_of_folder",
            "finding": "find_fleet",
            "fleet": "load_fleet",
            "git_command": "GitFailure",
            "git_objects": "Objects",
            "interface": "Access Artifacts Check Layer Lock Locked Revision SiteFile SiteIndex SourceKind",
            "layers": "Layers layer_files layer_names",
            "library": "Library",
            "lock": "dump_lock load_lock lock_path",
            "merge": "merge_patch",
            "overlays": "Overlays load_overlays",
            "past": "commits_since past_template",
            "ranges": "NEXT VERSION is_range newest order parse_version",
            "revision": "head",
            "revisions": "PastFile list_commit list_index open_objects resolve_commit",
            "schemas": "load_schemas load_secrets",
            "selector": "Need Selector misspelt parse_selector",
            "site": "load_site read_site site_labels",
            "site_changes": "Changes Committed Seen changed_sites committed_sites",
            "sites": "list_sites",
            "templates": "has_folder list_versions load_files load_template missing tree_of",
            "trace": "trace_site",
            "waivers": "load_waivers",
        },
    )

__all__ = [
    "CATALOGUE",
    "EXPECTED",
    "EXPECT_ERROR",
    "NEXT",
    "VERSION",
    "Access",
    "Artifacts",
    "Case",
    "Catalogue",
    "Changes",
    "Check",
    "Checkout",
    "Committed",
    "GitFailure",
    "Layer",
    "Layers",
    "Library",
    "Lock",
    "Locked",
    "Need",
    "Objects",
    "Overlays",
    "PastFile",
    "Provenance",
    "Revision",
    "Seen",
    "Selector",
    "SiteFile",
    "SiteIndex",
    "SourceKind",
    "cases_among",
    "changed_sites",
    "commits_since",
    "committed_sites",
    "crds_folder",
    "definition_files",
    "digest_of",
    "digest_of_folder",
    "dump_lock",
    "find_fleet",
    "has_folder",
    "head",
    "is_range",
    "layer_files",
    "layer_names",
    "list_commit",
    "list_index",
    "list_sites",
    "list_versions",
    "load_cases",
    "load_catalogue",
    "load_files",
    "load_fleet",
    "load_lock",
    "load_overlays",
    "load_schemas",
    "load_secrets",
    "load_site",
    "load_template",
    "load_waivers",
    "lock_path",
    "look_early",
    "merge_patch",
    "missing",
    "misspelt",
    "newest",
    "open_objects",
    "order",
    "parse_selector",
    "parse_version",
    "past_template",
    "read_site",
    "resolve_commit",
    "site_labels",
    "trace_site",
    "tree_of",
]
