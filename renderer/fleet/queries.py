"""The questions that a fleet and what it has published can be asked. Each answers with values and changes nothing.

In: a workspace, sites by name, a target. Out: values that `report` can word.
Never: writes anywhere, or renders a site that it was not asked about.
"""

from __future__ import annotations

from dataclasses import replace
from difflib import get_close_matches
from typing import TYPE_CHECKING

from renderer import engine, read, scaffold, validate
from renderer.errors import Code, ConfigurationError
from renderer.fleet.destination import Destination
from renderer.fleet.press import Order, Render, Rendered
from renderer.report.templates import VersionRow
from renderer.types import Problem, Rejected, Severity, Site, TemplatePin

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from renderer.fleet.workspace import Workspace
    from renderer.types import Manifests, Reference, Trace


def list_sites(space: Workspace, names: Sequence[str]) -> tuple[list[Site], list[Problem]]:
    """The sites `names`, merged, and what is wrong with those that cannot be."""
    read_sites = (space.site(space.file(name)) for name in names)
    found = [replace(site, own=None) if isinstance(site, Site) else site for site in read_sites]
    problems = [problem for site in found if isinstance(site, Rejected) for problem in site.problems]
    return [site for site in found if isinstance(site, Site)], [*space.index.problems, *problems]


def template_versions(space: Workspace, name: str = "") -> list[VersionRow]:
    """Every version of a template, or of all, in their order. Asks the sources; raises TemplateError.

    A version that only the lock still has is not among them.
    """
    library = space.library
    known = library.names()
    if name and name not in known:
        what = f"there is no template {name!r}"
        close = get_close_matches(name, known, n=3)
        hint = f"did you mean {', '.join(close)}?" if close else "`fleetpress template versions` lists them"
        raise ConfigurationError(what, problems=[Problem(Code.TEMPLATE_MISSING, what, hint=hint)])
    pins = [TemplatePin(each, version) for each in ([name] if name else known) for version in library.versions(each)]
    return [_version_row(space, pin) for pin in pins]


def _version_row(space: Workspace, pin: TemplatePin) -> VersionRow:
    locked = space.library.lock.versions.get(pin) if space.library.lock else None
    version = read.parse_version(pin.version)
    stable = version is not None and version.prerelease is None
    return VersionRow(pin, space.library.kind(pin).value, locked is not None, locked.digest if locked else None, stable)


def check(space: Workspace, names: Sequence[str], workers: engine.Workers) -> Iterator[Rendered | Rejected]:
    """Render and validate the sites `names`, in their order."""
    orders = [Order(space.file(name)) for name in names]
    for outcome in engine.for_size(len(orders), workers).map(Render(space.root, space.today), orders):
        assert isinstance(outcome, Rendered | Rejected), "Same is an answer to a published fingerprint"  # noqa: S101
        yield outcome


def tally(
    outcomes: Iterable[Rendered | Rejected], use: Callable[[Manifests], None] | None = None
) -> tuple[int, list[Problem]]:
    """How many sites failed, and all problems, warnings included; `use` is given what did not fail."""
    failed = 0
    problems: list[Problem] = []
    for outcome in outcomes:
        if isinstance(outcome, Rejected):
            failed += 1
            problems += outcome.problems
            continue
        problems += outcome.warnings
        if use is not None:
            use(outcome.manifests)
    return failed, problems


def check_schemas(space: Workspace) -> list[Problem]:
    """What is wrong with the fleet's CRDs, policies and waivers, whether a site uses them or not."""
    names = validate.finding_names(space.schemas, space.policies) if space.waivers.all else ()
    flaws = space.waivers.flaws(space.fleet.labels, names)
    return [*validate.check_schemas(space.schemas), *space.policies.problems, *flaws]


def has_errors(problems: Iterable[Problem]) -> bool:
    """Whether any of `problems` is more than a warning."""
    return any(problem.severity is Severity.ERROR for problem in problems)


def explain(space: Workspace, name: str, key: str) -> list[Trace]:
    """Where the values at or below the dotted `key` come from; all values for an empty one.

    A key is looked up among the values, or, with its section in front, as in `labels.region` or `templates.lab-app`.
    """
    traces = [replace(trace, path=_without_values(trace.path)) for trace in space.trace(space.file(name))]
    dotted = {".".join(map(str, trace.path)): trace for trace in traces}
    wanted = key.removeprefix("values.")
    found = [trace for path, trace in dotted.items() if not wanted or f"{path}.".startswith(f"{wanted}.")]
    if not found:
        close = get_close_matches(wanted, dotted, n=3)
        what = f"site {name} has no value {key!r}"
        hint = f"did you mean {', '.join(close)}?" if close else f"`fleetpress explain {name}` shows all values"
        raise ConfigurationError(what, problems=[Problem(Code.VALUE_UNKNOWN, what, hint=hint)])
    return found


def bootstrap_site(space: Workspace, name: str, to: str, public_key: str, *, insecure: bool) -> str:
    """The Flux objects that `name`'s cluster needs, as YAML."""
    destination = Destination.parse(space.fleet, to)
    _repository(space, name, destination)
    repository = destination.pulled_from(name, _site(space, name).region)
    if space.fleet.publishing.shared:
        cluster = space.fleet.cluster
        return scaffold.bootstrap_shared(name, repository, public_key, cluster, insecure=insecure)
    return scaffold.bootstrap(name, repository, public_key, space.fleet.cluster, insecure=insecure)


def _site(space: Workspace, name: str) -> Site:
    site = space.site(space.file(name))
    if isinstance(site, Rejected):
        raise ConfigurationError(f"site {name} cannot be read", problems=site.problems)
    return site


def _repository(space: Workspace, name: str, destination: Destination) -> Reference:
    repository = destination.repository(name, _site(space, name).region)
    if isinstance(repository, Problem):
        raise ConfigurationError(repository.what, problems=[repository])
    return repository


def _without_values(path: tuple[str | int, ...]) -> tuple[str | int, ...]:
    return path[1:] if path[:1] == ("values",) else path
