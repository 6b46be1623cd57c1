"""A fleet as it stands on disk, read piece by piece and each piece once.

In: the fleet's folder. Out: sites, templates and schemas as values, and the inputs that each site is made from.
Never: keeps a site (a fleet may have 100,000), or reads one that nobody asked for.
"""

from __future__ import annotations

from dataclasses import replace
from difflib import get_close_matches
from functools import cached_property
from typing import TYPE_CHECKING

from renderer import plan, read, validate
from renderer.errors import Code, ConfigurationError, TemplateError
from renderer.fleet import sources
from renderer.fleet.site_state import refresh_sites
from renderer.types import Digest, Problem, Rejected, Severity, TemplatePin, compact_json

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date
    from pathlib import Path
    from typing import TypeAlias

    from renderer.fleet.state import State
    from renderer.plan import Inputs
    from renderer.types import Fleet, Json, SchemaSet, Site, TemplateTree, Trace

    _InputsKey: TypeAlias = tuple[tuple[str, ...], tuple[TemplatePin, ...], tuple[TemplatePin, ...], bool]

# Raise it with every change of what is rendered from the same inputs: it makes every site be looked at again.
_OUTPUT_VERSION = b"2"
_LAYERS, _FLEET, _SCHEMAS, _PROGRAM, _OVERLAYS = "layers/", "fleet.yaml", "schemas", "fleetpress", "overlays"
_WAIVERS = "waivers"
# What a range stands for is an input of its own: the lock may move it while no file of the site changes.
_RANGE = "range "


class Workspace:
    """The fleet in `root`; raises ConfigurationError when fleet.yaml, templates.lock or waivers.yaml cannot be used.

    `today` decides which waivers count; without it, none does. Nobody here reads a clock. `checkout` is what somebody
    has begun to ask git already.
    """

    def __init__(self, root: Path, today: date | None = None, checkout: read.Checkout | None = None) -> None:
        self.root = root
        self.today = today
        self.fleet: Fleet = read.load_fleet(root, check=validate.check_input)
        lock = read.load_lock(self.fleet, check=validate.check_input)
        self.library = read.Library(self.fleet, lock, sources.access())
        self._waivers = read.load_waivers(self.fleet, check=validate.check_input)
        self._layers = read.Layers(self.fleet, self.check)
        self._trees: dict[TemplatePin, TemplateTree | TemplateError] = {}
        self._checkout = checkout
        self._inputs: dict[_InputsKey, Inputs] = {}

    @cached_property
    def check(self) -> read.Check:
        """What files with values are checked with: their schema, and that there is no secret in them."""
        return validate.InputCheck(validate.secret_rules(read.load_secrets(self.fleet)))

    @cached_property
    def index(self) -> read.SiteIndex:
        """All site files: name, path and digest; none of them parsed."""
        return read.list_sites(self.fleet)

    def look(self) -> read.Checkout:
        """What git says of the repository, asked from the first time on that somebody wants to know it."""
        if self._checkout is None or self._checkout.folder != self.fleet.repository:
            self._checkout = read.Checkout(self.fleet.repository)
        return self._checkout

    def remember(self, state: State) -> None:
        """Look the site files up in `state` from now on: only those that may have changed are read for that."""
        self.index = refresh_sites(state, self.fleet, self.look)

    @cached_property
    def schemas(self) -> SchemaSet:
        """The fleet's CRDs."""
        return read.load_schemas(self.fleet)

    @cached_property
    def overlays(self) -> read.Overlays:
        """The fleet's overlays; raises ConfigurationError with all that is wrong with them."""
        return read.load_overlays(self.fleet, check=self.check)

    @cached_property
    def settings(self) -> Digest:
        """Digest of what the output of all sites depends on besides values and templates."""
        allowed = sorted(self.fleet.allow_kinds)
        # Warnings change no output: only a fleet that refuses lost references has to look at its sites again.
        if self.fleet.references.severity is Severity.ERROR:
            allowed += ["references", *self.fleet.references.provided]
        if (publishing := self.fleet.publishing).shared:
            allowed += ["publishing", *publishing.cohorts, *map(".".join, publishing.own)]
        return Digest.of(compact_json([_OUTPUT_VERSION.decode(), self.schemas.digest.hex, allowed]))

    @cached_property
    def policies(self) -> validate.Policies:
        """The fleet's own policies, with what they have found already."""
        return validate.Policies.of(self.schemas, self.fleet.labels)

    @cached_property
    def waivers(self) -> validate.Waivers:
        """The waivers that count today."""
        if not self._waivers:
            return validate.Waivers()
        protected = frozenset(name for name, waivable in self.policies.names.items() if not waivable)
        return validate.Waivers(self._waivers, self.today, protected)

    def settings_of(self, site: Site) -> Digest:
        """`settings`, and the waivers that count for the site: without one of them it may not pass."""
        waived = self.waivers.digest(site.name, site.labels)
        more = [waived.hex] if waived is not None else []
        # The artifact names the site's cohort, which may be another one although nothing renders otherwise.
        more += ["cohort", self.cohort_of(site)] if self.fleet.publishing.shared else []
        return Digest.of(compact_json([self.settings.hex, *more])) if more else self.settings

    def cohort_of(self, site: Site) -> str:
        """The key of the sites that share a base with `site`; for a fleet that publishes shared bases."""
        return plan.cohort_key(site, self.fleet.name, self.fleet.publishing, self.overlays.of(site))

    def file(self, name: str) -> read.SiteFile:
        """The file of site `name`; raises ConfigurationError with similar names when there is none."""
        found = self.index.sites.get(name)
        if found is None:
            what = f"the fleet {self.fleet.name} has no site {name!r}"
            close = get_close_matches(name, self.index.sites, n=3)
            hint = f"did you mean {', '.join(close)}?" if close else "`fleetpress sites` lists them"
            raise ConfigurationError(what, problems=[Problem(Code.SITE_UNKNOWN, what, hint=hint)])
        return found

    def site(self, file: read.SiteFile) -> Site | Rejected:
        """One site with its values merged, or all that is wrong with it."""
        site = self.merged(file)
        if isinstance(site, Rejected):
            return site
        problems = [replace(problem, site=site.name) for pin in site.templates for problem in self._tree_problems(pin)]
        if problems:
            return Rejected(site.name, tuple(problems))
        ranges = tuple(pin for pin in site.templates if read.is_range(pin.version))
        if not ranges:
            return site
        return replace(site, templates=tuple(map(self.library.exact, site.templates)), ranges=ranges)

    def merged(self, file: read.SiteFile) -> Site | Rejected:
        """One site with its values and pins merged, as they are written: no range is resolved, no template read."""
        return read.load_site(self.fleet, self._layers, file, check=self.check)

    def layer(self, name: str) -> read.Layer:
        """The layer `name`, a path relative to layers/."""
        return self._layers.get(name)

    def layered(self, labels: Mapping[str, str]) -> Mapping[str, Json]:
        """What the layers of a site with these labels add up to, `templates` and `values`; not to be changed."""
        return self._layers.merged(tuple(name for _, name in read.layer_names(self.fleet, labels)))

    def trace(self, file: read.SiteFile) -> tuple[Trace, ...]:
        """How each value of a site came to be."""
        return read.trace_site(self.fleet, self._layers, file)

    def tree(self, pin: TemplatePin) -> TemplateTree:
        """A template version, of a range the one that the lock resolves it to.

        Raises TemplateError each time it is asked for one that cannot be read.
        """
        if pin not in self._trees:
            try:
                exact = self.library.exact(pin)
                self._trees[pin] = self.library.tree(pin) if exact == pin else self.tree(exact)
            except TemplateError as error:
                self._trees[pin] = error
        found = self._trees[pin]
        if isinstance(found, TemplateError):
            raise found
        return found

    def inputs(self, site: Site) -> Inputs:
        """What `site` is made from besides its own file: (name, digest) pairs, as the ledger remembers them."""
        waived = self.waivers.digest(site.name, site.labels) is not None
        key = (site.layers, site.templates, site.ranges, waived)
        if key not in self._inputs:
            # A site that has no overlay today may have one tomorrow: all of them are an input of each site.
            names = [
                _FLEET,
                _SCHEMAS,
                _PROGRAM,
                _OVERLAYS,
                *(_LAYERS + layer for layer in site.layers),
                *map(str, site.templates),
            ]
            names += [f"{_RANGE}{pin}" for pin in site.ranges]
            names += [_WAIVERS] if waived else []
            self._inputs[key] = frozenset((name, digest) for name in names if (digest := self.input_digest(name)))
        return self._inputs[key]

    def input_digest(self, name: str) -> Digest | None:
        """The digest that the input `name` has now, None when it is gone."""
        shared: dict[str, Callable[[], Digest | None]] = {
            _FLEET: lambda: read.digest_of(self.root / _FLEET),
            _SCHEMAS: lambda: self.schemas.digest,
            _OVERLAYS: lambda: self.overlays.digest,
            _WAIVERS: lambda: self.waivers.whole,
            _PROGRAM: lambda: Digest.of(_OUTPUT_VERSION),
        }
        if name in shared:
            return shared[name]()
        if name.startswith(_LAYERS):
            return self._layers.digest(name.removeprefix(_LAYERS))
        try:
            # A range is what the version that it stands for is: its digest moves with the lock.
            return self.tree(TemplatePin.parse(name.removeprefix(_RANGE))).digest
        except TemplateError:
            return None

    def _tree_problems(self, pin: TemplatePin) -> tuple[Problem, ...]:
        try:
            self.tree(pin)
        except TemplateError as error:
            return error.problems
        return ()
