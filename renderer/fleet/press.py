"""The bracket of the pipeline, [render -> validate -> pack], as tasks that an engine maps over sites.

In: an Order, a site file by name and digest. Out: the site's outcome as a value. A worker reads what it needs through
its own Workspace; apart from that every task is a pure function of the site.
Never: writes, signs, contacts anybody, or lets one site's trouble reach another.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

from renderer import overlay, pack, plan, read, render, validate
from renderer.errors import Code, TemplateError
from renderer.fleet.task import FleetTask
from renderer.types import Problem, Rejected, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from renderer.fleet.sharing import SharedFiles
    from renderer.plan import Inputs
    from renderer.read import SiteFile
    from renderer.types import Artifact, Digest, Manifests, Origin, Site, TemplatePin

# `off` renders every file of every site anew.
MEMO_VARIABLE = "FLEETPRESS_MEMO"


@dataclass(frozen=True, slots=True)
class Order:
    """One site to work on; `published` is the fingerprint that the ledger has for it, if it has one.

    Where sites share bases, `content` is that of the part that the ledger has; `with_objects` asks for the objects of
    a part that has another one.
    """

    file: SiteFile
    published: Digest | None = None
    content: Digest | None = None
    with_objects: bool = False


@dataclass(frozen=True, slots=True)
class Made:
    """What a site is made from, as read by the worker that made it."""

    site: str
    region: str
    inputs: Inputs
    fingerprint: Digest


@dataclass(frozen=True, slots=True)
class Same:
    """A site whose files changed in a way that changes nothing: a comment, the order of labels."""

    made: Made


@dataclass(frozen=True, slots=True)
class Rendered:
    """A site rendered and found valid; `warnings` did not stop it."""

    made: Made
    manifests: Manifests
    warnings: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Pressed:
    """A site rendered, found valid, and packed."""

    made: Made
    artifact: Artifact
    warnings: tuple[Problem, ...]


Examined: TypeAlias = "tuple[Site, Made] | Same | Rejected"


class SiteTask(FleetTask):
    """What the tasks over orders have in common."""

    def examine(self, order: Order) -> Examined:
        """Read a site and fingerprint it."""
        site = self.space.site(order.file)
        if isinstance(site, Rejected):
            return site
        trees = {pin: render.rendered_digest(self.space.tree(pin)) for pin in site.templates}
        overlays = self.space.overlays.of(site)
        fingerprint = plan.fingerprint(site, self.space.fleet.name, trees, self.space.settings_of(site), overlays)
        made = Made(site.name, site.region, self.space.inputs(site), fingerprint)
        return Same(made) if fingerprint == order.published else (site, made)

    def lost(self, order: Order | Taking, reason: str) -> Rejected:
        """The outcome of a site that took its worker down."""
        hint = "look for an endless loop or a huge repetition in its templates"
        problem = Problem(Code.WORKER_LOST, f"the site {reason}", hint=hint, site=order.file.name)
        return Rejected(order.file.name, (problem,))


def _rejected(site: str, problems: Iterable[Problem]) -> Rejected:
    """The outcome of a site with problems, which say from now on whose they are."""
    return Rejected(site, _of_site(site, problems))


def _of_site(site: str, problems: Iterable[Problem]) -> tuple[Problem, ...]:
    return tuple(replace(problem, site=site) for problem in problems)


def _blamed(problem: Problem, edited: Mapping[str, Origin]) -> Problem:
    """A problem in a file that an overlay wrote anew stands at the overlay: the lines are no template's."""
    if problem.where is None or problem.where.file not in edited:
        return problem
    return replace(problem, where=edited[problem.where.file], rendered=problem.where)


class Examine(SiteTask):
    """Task: what a site is made from. Enough to plan, a hundredth of the work of rendering it."""

    def __call__(self, order: Order) -> Made | Same | Rejected:
        """The site's inputs, Same when they add up to what is published."""
        found = self.examine(order)
        return found[1] if isinstance(found, tuple) else found


class ReadPins(SiteTask):
    """Task: the template pins of a site as they are written, ranges too. Reads no template."""

    def __call__(self, order: Order) -> tuple[TemplatePin, ...] | Rejected:
        """The merged pins, or everything that is wrong with the site's files."""
        site = self.space.merged(order.file)
        return site if isinstance(site, Rejected) else site.templates


@dataclass(frozen=True, slots=True)
class Taking:
    """A site, and the questions of interest."""

    file: SiteFile
    questions: tuple[str, ...]


class TakesDefaults(SiteTask):
    """Task: which questions a site leaves to their defaults."""

    def __call__(self, order: Taking) -> tuple[str, ...] | Rejected:
        """Those of the questions that neither a label nor a value answers."""
        site = self.space.merged(order.file)
        if isinstance(site, Rejected):
            return site
        return tuple(name for name in order.questions if name not in site.values and name not in site.labels)


class Render(SiteTask):
    """Task: a site's manifests, validated."""

    def prepare(self) -> None:
        """Read fleet.yaml and the CRDs; a template is compiled when the first site needs it."""
        from renderer.fleet.keep import Salted, open_keep
        from renderer.fleet.program import program
        from renderer.fleet.seal import Sealed, machine_secret

        super().prepare()
        remembers = os.environ.get(MEMO_VARIABLE) != "off"
        keep = open_keep() if remembers else None
        ours = program(keep) if keep else b""
        verdicts = Salted(keep, b"verdict") if keep else None
        secret = machine_secret() if keep else None
        self._shelves = Sealed(Salted(keep, b"template", ours), secret) if keep and secret else None
        self._validator = validate.Validator.of(self.space.fleet, self.space.schemas, verdicts, ours)
        self._templates: dict[TemplatePin, render.Template | TemplateError] = {}
        self._overlayer = overlay.Overlayer(read.merge_patch)
        self._shared: dict[tuple[TemplatePin, ...], SharedFiles] = {}
        # One memo for all templates of this worker. Results are the same without one; that is what the variable is for.
        self._memo = render.Memo() if remembers else None

    def __call__(self, order: Order) -> Rendered | Same | Rejected:
        """The site's manifests, or everything that is wrong with them."""
        found = self.examine(order)
        return self.make(*found) if isinstance(found, tuple) else found

    def make(self, site: Site, made: Made) -> Rendered | Rejected:
        """The manifests of a site that was examined."""
        overlaid = self.unchecked(site)
        if isinstance(overlaid, Rejected):
            return overlaid
        manifests = overlaid.manifests
        told = [
            *self._validator.check(manifests, site.labels["kubernetes"], site.file),
            *self.space.policies.check(manifests, site.labels),
            *pack.check(manifests),
        ]
        if self.space.fleet.publishing.shared:
            told += self._sharing_problems(site, manifests)
        told = [_blamed(problem, overlaid.edited) for problem in told]
        problems = self.space.waivers.apply(told, site.name, site.labels)
        if any(problem.severity is Severity.ERROR for problem in problems):
            return _rejected(site.name, problems)
        return Rendered(made, manifests, _of_site(site.name, problems))

    def unchecked(self, site: Site) -> overlay.Overlaid | Rejected:
        """The manifests of a site, not validated."""
        manifests = self._render(site)
        if isinstance(manifests, Rejected):
            return manifests
        return self._overlayer.apply(manifests, self.space.overlays.of(site))

    def shared(self, site: Site) -> SharedFiles:
        """What a site that renders shares with its cohort."""
        from renderer.fleet.sharing import SharedFiles

        if site.templates not in self._shared:
            compiled = (self._compiled(pin) for pin in site.templates)
            templates = [one for one in compiled if not isinstance(one, TemplateError)]
            self._shared[site.templates] = SharedFiles.of(templates, self.space.fleet.publishing)
        return self._shared[site.templates]

    def _sharing_problems(self, site: Site, manifests: Manifests) -> Iterable[Problem]:
        from renderer.fleet.sharing import sharing_problems

        layered = self.space.layered(site.labels).get("values")
        values = layered if isinstance(layered, dict) else {}
        return sharing_problems(self.space.fleet, site, values, manifests, self.shared(site))

    def _render(self, site: Site) -> Manifests | Rejected:
        usable: list[render.Template] = []
        problems: list[Problem] = []
        for pin in site.templates:
            template = self._compiled(pin)
            if isinstance(template, TemplateError):
                problems += template.problems
            else:
                usable.append(template)
        if problems:
            return _rejected(site.name, problems)
        return render.render_site(site, self.space.fleet.name, usable)

    def _compiled(self, pin: TemplatePin) -> render.Template | TemplateError:
        if pin not in self._templates:
            try:
                self._templates[pin] = render.compile_template(self.space.tree(pin), self._memo, self._shelves)
            except TemplateError as error:
                self._templates[pin] = error
        return self._templates[pin]


class Press(SiteTask):
    """Task: a site's artifact."""

    def prepare(self) -> None:
        """See `Render.prepare`."""
        self._render = Render(self.root, self.today)
        self._render.prepare()

    def __call__(self, order: Order) -> Pressed | Same | Rejected:
        """The site's artifact, or everything that is wrong with it."""
        rendered = self._render(order)
        if not isinstance(rendered, Rendered):
            return rendered
        artifact = pack.pack(rendered.manifests)
        return artifact if isinstance(artifact, Rejected) else Pressed(rendered.made, artifact, rendered.warnings)
