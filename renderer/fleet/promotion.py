"""Gives a ring the versions that the ring before it has, when the gates let it.

In: a workspace, two rings, the ledger's entries, a moment. Out: for each template a plan and the verdicts on it.
Never: writes a file, or asks for the time.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from renderer import engine, read, rollout, validate
from renderer.errors import Code, ConfigurationError
from renderer.fleet.health import approved_by, moment, read_health
from renderer.fleet.pinning import PinPlan, PinRequest, plan_pins, plan_variables
from renderer.fleet.task import FleetTask
from renderer.types import Document, Origin, Problem, Rejected, TemplatePin

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from renderer.fleet.health import Fetch
    from renderer.fleet.workspace import Workspace
    from renderer.plan import Entry
    from renderer.read import SiteFile
    from renderer.rollout import Verdict
    from renderer.scaffold import EditedFile
    from renderer.types import Gate, Json


@dataclass(frozen=True, slots=True)
class Request:
    """Which ring gets what another has. `sites` of the ring move; `template` None are all that both use."""

    before: str
    after: str
    sites: frozenset[str]
    now: datetime
    template: str | None = None


@dataclass(frozen=True, slots=True)
class Promotion:
    """One template: the plan of its move and the verdicts. `files` of the plan are there only when all pass."""

    plan: PinPlan
    verdicts: tuple[Verdict, ...]

    @property
    def passes(self) -> bool:
        """Whether every gate is open."""
        return all(verdict.passes for verdict in self.verdicts)


class Pinned(NamedTuple):
    """A site: its ring, template -> (version, whether its own file says so), and the time zone that it names."""

    site: str
    ring: str
    pins: Mapping[str, tuple[str, bool]]
    zone: Json


class Pins(FleetTask):
    """Task: what each site pins, and where it is."""

    def __call__(self, file: SiteFile) -> Pinned | Rejected:
        """The merged pins and zone, or all that is wrong with the site."""
        site = self.space.site(file)
        if isinstance(site, Rejected):
            return site
        settings = self.space.fleet.rollout
        own = read.read_site(self.space.fleet, file, validate.check_input)
        named = own.value.get("templates") if isinstance(own, Document) and isinstance(own.value, dict) else None
        exceptions = named if isinstance(named, dict) else {}
        zone: Json = dict(site.values)
        for key in settings.timezone.split("."):
            zone = zone.get(key) if isinstance(zone, dict) else None
        pins = {pin.name: (pin.version, pin.name in exceptions) for pin in site.templates}
        return Pinned(site.name, site.labels[settings.label], pins, zone)

    def lost(self, file: SiteFile, reason: str) -> Rejected:
        """A site that ended its worker."""
        what = f"the site {reason}"
        return Rejected(file.name, (Problem(Code.WORKER_LOST, what, Origin(file.path), site=file.name),))


@dataclass(slots=True)
class Promoter:
    """Promotes templates one after the other; edits of one file add up."""

    space: Workspace
    entries: Mapping[str, Entry]
    fetch: Fetch
    workers: engine.Workers

    def promote(self, request: Request) -> tuple[Promotion, ...]:
        """Raises ConfigurationError: no such ring, the ring before is at several versions, a feed cannot be read."""
        gate = self._gate(request)
        sites = self._sites()
        before = [one for one in sites.values() if one.ring == request.before]
        promotions: list[Promotion] = []
        edited: dict[str, EditedFile] = {}
        for pin in _pins(request, before, [sites[name] for name in request.sites]):
            plan = plan_pins(self.space, PinRequest(pin, request.sites), self.workers, edited)
            if plan.moved:
                moving = [sites[name] for name in plan.sites]
                verdicts = rollout.judge(gate, self._facts(gate, request, pin, before, moving))
                passes = all(verdict.passes for verdict in verdicts)
                edited = {file.file: file for file in plan.files} if passes else edited
                variables = plan_variables(self.space, plan)
                kept = replace(plan, migrations=len(variables.files) if variables else 0)
                promotions.append(Promotion(kept if passes else replace(kept, files=()), verdicts))
        return tuple(promotions)

    def _gate(self, request: Request) -> Gate:
        settings = self.space.fleet.rollout
        rings = self.space.fleet.labels.get(settings.label, ())
        for ring in (request.before, request.after):
            if ring not in rings:
                raise _usage(f"there is no ring {ring}", f"the rings are {', '.join(rings) or 'not declared'}")
        if rings.index(request.before) >= rings.index(request.after):
            raise _usage(f"{request.before} does not come before {request.after}", f"the order is {', '.join(rings)}")
        gate = settings.gates.get(request.after)
        if gate is None:
            hint = f"add {request.after} to rollout.gates in fleet.yaml; {{}} asks for success and nothing else"
            raise _usage(f"fleet.yaml has no gate for {request.after}", hint)
        return gate

    def _sites(self) -> dict[str, Pinned]:
        files = list(self.space.index.sites.values())
        found = list(engine.for_size(len(files), self.workers).map(Pins(self.space.root), files))
        problems = [problem for one in found if isinstance(one, Rejected) for problem in one.problems]
        if problems:
            raise ConfigurationError("there are sites that cannot be read", problems=dict.fromkeys(problems))
        return {one.site: one for one in found if isinstance(one, Pinned)}

    def _facts(
        self, gate: Gate, request: Request, pin: TemplatePin, before: Sequence[Pinned], moving: Sequence[Pinned]
    ) -> rollout.Facts:
        # An exception of the ring before is no sign that the version fails there.
        ruled = [one for one in before if pin.name in one.pins and not one.pins[pin.name][1]]
        standing = [self._standing(one.site, pin) for one in ruled]
        zones = {one.site: self._zone(one) for one in moving} if gate.windows else {}
        health = read_health(self.space.fleet, gate.health, self.fetch) if gate.health else {}
        return rollout.Facts(
            pin, request.now, standing, approved_by(self.space.fleet, pin, request.after), zones, health
        )

    def _standing(self, site: str, pin: TemplatePin) -> rollout.Standing:
        entry = self.entries.get(site)
        if entry is None:
            return rollout.Standing(site, at_version=False)
        made_with = any(name == str(pin) for name, _ in entry.inputs)
        return rollout.Standing(site, made_with, moment(entry.published), entry.serial)

    def _zone(self, one: Pinned) -> ZoneInfo:
        try:
            return ZoneInfo(one.zone if isinstance(one.zone, str) else "")
        except (ZoneInfoNotFoundError, ValueError, OSError):
            what = f"the value {self.space.fleet.rollout.timezone} of {one.site} is no time zone"
            raise _usage(what, "windows are in the site's own time: set it, like Europe/Berlin") from None


def _pins(request: Request, before: Sequence[Pinned], after: Sequence[Pinned]) -> list[TemplatePin]:
    """The version of each template that the ring before has, exceptions left out. Raises ConfigurationError."""
    used = {name for one in after for name in one.pins}
    versions: dict[str, set[str]] = defaultdict(set)
    for one in before:
        for name, (version, is_exception) in one.pins.items():
            if name in used and not is_exception and request.template in {None, name}:
                versions[name].add(version)
    problems = [
        Problem(Code.USAGE, f"{request.before} has {name} at {', '.join(sorted(found))}", hint="bump it to one of them")
        for name, found in sorted(versions.items())
        if len(found) > 1
    ]
    if problems:
        raise ConfigurationError(f"{request.before} is at several versions", problems=problems)
    return [TemplatePin(name, *found) for name, found in sorted(versions.items())]


def _usage(what: str, hint: str) -> ConfigurationError:
    return ConfigurationError(what, problems=[Problem(Code.USAGE, what, hint=hint)])
