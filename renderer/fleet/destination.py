"""Where a site's artifact goes, and where it may never go.

In: the fleet's registries and `--to`. Out: a repository per site, and the addresses of the targets to open.
Never: lets a site of one region out to another region's registry, whatever the command line says.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from renderer import publish
from renderer.errors import Code, ConfigurationError
from renderer.types import BASES, PARTS, Problem, Reference

if TYPE_CHECKING:
    from renderer.types import Fleet

DEFAULT = "oci-archive:build/registry"
_FLEET, _REGISTRY = "fleet", "oci://"
# A repository below the fleet's that no site can have: a site's repository has no second part.
_LEDGER = "ledger/state"
_STAY = "use `--to fleet`, or change `registries` in fleet.yaml"
# Names artifacts of a fleet that declares no registries; `.invalid` can never be a real host (RFC 2606).
_NOWHERE = "registry.invalid"


@dataclass(frozen=True, slots=True)
class Destination:
    """`--to` resolved for one fleet: `addresses` maps each region to the target that its sites go to."""

    fleet: Fleet
    to: str
    addresses: dict[str, str]

    @classmethod
    def parse(cls, fleet: Fleet, to: str) -> Destination:
        """Read `fleet`, or one of `publish.FORMS`, in which `{region}` stands for the site's region.

        Raises ConfigurationError for anything else, and for a target that may have the sites of no region at all.
        """
        regions = fleet.labels["region"]
        if to == _FLEET and fleet.registries:
            return cls(fleet, to, dict(fleet.registries))
        if not publish.is_folder(to) and not to.startswith(_REGISTRY):
            what = "fleet.yaml names no registries" if to == _FLEET else f"--to {to!r} is no target"
            hint = f"expected {', '.join(publish.FORMS)}, or `fleet` for the registries of fleet.yaml"
            raise ConfigurationError(what, problems=[Problem(Code.TARGET_INVALID, what, hint=hint)])
        found = cls(fleet, to, {region: to.replace("{region}", region).rstrip("/") for region in regions})
        if not found.regions:
            what = f"no region of the fleet may be published to {to}"
            raise ConfigurationError(what, problems=[Problem(Code.RESIDENCY, what, hint=_STAY)])
        return found

    @property
    def regions(self) -> tuple[str, ...]:
        """The regions whose sites may go where `--to` says."""
        return tuple(region for region in self.addresses if self._is_allowed(region))

    @property
    def targets(self) -> tuple[str, ...]:
        """The addresses of those regions, each once."""
        return tuple(dict.fromkeys(self.addresses[region] for region in self.regions))

    @property
    def identity(self) -> tuple[str, ...]:
        """What tells this destination from any other on this machine: its ledgers, and where they are."""
        places = (publish.absolute(address) for address in self.targets)
        return (self.fleet.name, *places, *(str(self.ledger(region)) for region in self.regions))

    def repository(self, site: str, region: str) -> Reference | Problem:
        """The repository of a site, of its part where sites share bases; or the residency rule that forbids it."""
        repository = self._named(region, self._site(site))
        if self._is_allowed(region):
            return repository
        what = f"a site of region {region} may only go to {self.fleet.registries[region]}, not to {repository.name}"
        return Problem(Code.RESIDENCY, what, hint=_STAY, site=site)

    def base(self, key: str, region: str) -> Reference:
        """The repository of a base: in the region whose sites have it, wherever these may go."""
        return self._named(region, f"{BASES}{key}")

    def suffix(self, repository: Reference) -> str:
        """What a repository's name ends with at any registry: mirrors have other prefixes, fleet and site never."""
        parts = 3 if self.fleet.publishing.shared else 2
        return "/".join(["", *repository.repository.split("/")[-parts:]])

    def pulled_from(self, site: str, region: str) -> Reference:
        """The repository that the site's cluster pulls from; raises ConfigurationError when nothing says which."""
        repository = self._named(region, self._site(site))
        if repository.host == _NOWHERE:
            what = f"nothing says which registry the clusters of region {region} pull from"
            hint = "give --to oci://HOST/PREFIX, or name the region's registry under `registries` in fleet.yaml"
            raise ConfigurationError(what, problems=[Problem(Code.TARGET_INVALID, what, hint=hint)])
        return repository

    def ledger(self, region: str) -> Reference:
        """Where the ledger of `region` is kept: next to its sites, because it tells about them."""
        return self._named(region, _LEDGER)

    def _site(self, site: str) -> str:
        # Another repository than that of whole artifacts: a cluster that still pulls these must not find a part there,
        # for it would remove everything else.
        return f"{PARTS}{site}" if self.fleet.publishing.shared else site

    def _is_allowed(self, region: str) -> bool:
        """A region without a registry of its own may go anywhere, any region to this machine."""
        place, own = self._named(region, _LEDGER), self._own(region, _LEDGER)
        return own is None or place == own or _is_loopback(place.host)

    def _named(self, region: str, name: str) -> Reference:
        address = self.addresses[region]
        if publish.is_folder(address):
            # Signatures are over the name that the site is pulled by, so that a layout can be copied there as it is.
            return self._own(region, name) or self._below(f"{_REGISTRY}{_NOWHERE}", name)
        return self._below(address, name)

    def _own(self, region: str, name: str) -> Reference | None:
        registry = self.fleet.registries.get(region)
        return self._below(registry, name) if registry else None

    def _below(self, address: str, name: str) -> Reference:
        try:
            return Reference.parse(f"{address.removeprefix(_REGISTRY)}/{self.fleet.name}/{name}")
        except ValueError:
            what = f"{address} and the name {name!r} make no repository"
            hint = "expected oci://HOST[:PORT]/PREFIX in lower case"
            raise ConfigurationError(what, problems=[Problem(Code.TARGET_INVALID, what, hint=hint)]) from None


def _is_loopback(host: str) -> bool:
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return False
