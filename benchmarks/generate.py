"""Writes a fleet repository of any size: the same seed and shape give the same bytes on every machine.

In: a folder, how many sites, a seed, the shares that are site-specific, the share of sites with a bad value.
Out: fleet.yaml, layers, sites, a template, the CRDs: what fleetpress reads. Never: writes outside the folder.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.synthetic import BYTE_SHARE, FILE_SHARE, Shape, template_files

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

CRDS = Path(__file__).parents[1] / "schemas" / "crds"
TEMPLATE, VERSION = "edge-site", "1.0.0"
_FLEET = "bench"
_COUNTRIES = {
    "eu": ("de", "fr", "nl", "at", "ch", "pl", "it", "es", "se", "fi"),
    "us": ("us", "ca", "mx", "br"),
    "apac": ("jp", "kr", "sg", "au", "nz", "in"),
}
_RINGS = {"canary": ("5m", "debug", "15s"), "early": ("10m", "info", "30s"), "broad": ("30m", "warn", "60s")}
_RING_WEIGHTS = (1, 9, 90)
_DISTRIBUTIONS = {
    "talos": ("10.244.0.0/16", "10.96.0.0/16", "local-path"),
    "k3s": ("10.42.0.0/16", "10.43.0.0/16", "local-path-retain"),
    "rke2": ("10.52.0.0/16", "10.53.0.0/16", "longhorn-retain"),
    "microshift": ("10.62.0.0/16", "10.63.0.0/16", "topolvm-retain"),
}
_KUBERNETES = ("1.35", "1.36")
_KINDS = ("hospital", "lab", "pharmacy", "clinic")
# Beyond this many sites, two hexadecimal digits of a hash make up the last folder, so that none holds 1,000 files.
_ONE_DIGIT = 100_000

_FLEET_FILE = """\
name: {name}
labels:
  region: [eu, us, apac]
  country: [{countries}]
  ring: [canary, early, broad]
  distribution: [talos, k3s, rke2, microshift]
  kubernetes: ["1.35", "1.36"]
  topology: [single-node, ha]
layers:
  - global.yaml
  - regions/{{region}}.yaml
  - countries/{{country}}.yaml
  - distributions/{{distribution}}.yaml
  - rings/{{ring}}.yaml
registries:
  eu: oci://registry.eu.labs.example/fleetpress
  us: oci://registry.us.labs.example/fleetpress
  apac: oci://registry.apac.labs.example/fleetpress
templates: ../../templates
schemas: ../../schemas
signing: {{format: bundle}}
# The documents are made up and refer to much that nobody renders. A fleet that is in order has no such findings.
validation:
  provided: [ConfigMap/*, Secret/*, ServiceAccount/*, Service/*, PersistentVolumeClaim/*, Namespace/*, Pod/*, Role/*]
"""
_GLOBAL = f"""\
templates:
  {TEMPLATE}: "{VERSION}"
values:
  cilium: {{mtu: 1500, encryption: none}}
  capacity: medium
  maintenance_window: "01:00-04:00"
"""
_REGION = """\
values:
  mirror: mirror.{region}.labs.example
  vault: {{address: "https://vault.{region}.labs.example", mount: kv-edge}}
  remote_write_url: https://thanos-receive.{region}.labs.example/api/v1/receive
  dns_servers: [10.32.0.53, 10.32.1.53]
"""
_COUNTRY = """\
values:
  timezone: Etc/GMT-{offset}
  language: "{country}"
  retention_days: {days}
  ntp_servers: [ntp1.{country}.labs.example, ntp2.{country}.labs.example]
"""
_DISTRIBUTION = """\
values:
  pod_cidr: {pods}
  service_cidr: {services}
  storage_class: {storage}
"""
_RING = """\
values:
  flux_interval: {interval}
  log_level: {level}
  scrape_interval: {scrape}
"""
_SITE = """\
# yaml-language-server: $schema=https://labs.example/schemas/site.schema.json
labels:
  region: {region}
  country: {country}
  ring: {ring}
  distribution: {distribution}
  kubernetes: "{kubernetes}"
  topology: {topology}
  segment: {segment}
values:
  node_cidr: {network}.0/24
  node_ips: [{nodes}]
  lb_pool: [{network}.192-{network}.223]
  ingress_host: lab.{name}.labs.example
  ingress_aliases: [results.{name}.labs.example, api.{name}.labs.example]
  analyzers:
{analyzers}"""
# What stands in a good file, what takes its place, and the code that tells so.
_POISONS = (
    ("  lb_pool:", "  lb_pol:", "FP208"),  # a value that no template asks for
    ("topology: ", "topology: triple-", "FP203"),  # a label that the fleet does not know
    ("  node_ips: [", "  capacity: enormous\n  node_ips: [", "FP306"),  # not one of the choices
    ("port: 9101", 'port: "http"', "FP403"),  # renders to an object that its schema refuses
    ("  node_cidr:", "  maintenance_window: 01:00\n  node_cidr:", "FP104"),  # read differently by every YAML parser
)


@dataclass(frozen=True, slots=True)
class Generated:
    """A fleet that was written: its folder, its sites, and those that must be refused, with the code that tells why."""

    root: Path
    sites: tuple[str, ...]
    poisoned: Mapping[str, str]


def generate(
    folder: Path,
    *,
    sites: int,
    seed: int = 1,
    file_share: float = FILE_SHARE,
    site_share: float = BYTE_SHARE,
    poison: float = 0.0,
) -> Generated:
    """Write a repository with one fleet of `sites` sites into `folder`, which must be empty or not exist.

    `file_share` of the files and `site_share` of the bytes that a site renders to will be the site's alone, about: the
    real shares are measured with each figure. `poison` of the sites, exactly, have a value that has to be refused.
    Raises FileExistsError.
    """
    if folder.exists() and any(folder.iterdir()):
        raise FileExistsError(f"{folder} is not empty")
    root = folder / "fleets" / _FLEET
    shutil.copytree(CRDS, folder / "schemas" / "crds", ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    for path, text in template_files(Shape(site_files=file_share, site_bytes=site_share)).items():
        _write(folder / "templates" / TEMPLATE / VERSION / path, text)
    for path, text in _fleet_files():
        _write(root / path, text)
    bad = frozenset(random.Random(f"{seed}/poison").sample(range(sites), round(sites * poison)))
    names = []
    for index in range(sites):
        site = _Site(seed, index)
        _write(root / "sites" / site.folder(sites) / f"{site.name}.yaml", site.text(poisoned=index in bad))
        names.append(site.name)
    return Generated(root, tuple(sorted(names)), {names[index]: _poison(index)[2] for index in sorted(bad)})


class _Site:
    """Site `index`: a function of the seed and the index, whatever the size of the fleet."""

    def __init__(self, seed: int, index: int) -> None:
        self.dice = random.Random(f"{seed}/{index}")
        self.index = index
        self.country = self.dice.choice([country for countries in _COUNTRIES.values() for country in countries])
        self.segment = self.dice.choice(_KINDS)
        self.name = f"{self.country}-{self.segment}-{index:06d}"
        self.region = next(region for region, countries in _COUNTRIES.items() if self.country in countries)

    def folder(self, sites: int) -> str:
        """Where the file lies below sites/."""
        digits = 1 if sites <= _ONE_DIGIT else 2
        return f"{self.region}/{self.country}/{hashlib.sha256(self.name.encode()).hexdigest()[:digits]}"

    def text(self, *, poisoned: bool) -> str:
        """The site's file."""
        network = f"10.{100 + self.index // 256 % 100}.{self.index % 256}"
        high = self.dice.random() < 1 / 3
        nodes = [f"{network}.{11 + node}" for node in range(3 if high else 1)]
        text = _SITE.format(
            region=self.region,
            country=self.country,
            ring=self.dice.choices(list(_RINGS), _RING_WEIGHTS)[0],
            distribution=self.dice.choice(list(_DISTRIBUTIONS)),
            kubernetes=self.dice.choice(_KUBERNETES),
            topology="ha" if high else "single-node",
            segment=self.segment,
            network=network,
            nodes=", ".join(nodes),
            name=self.name,
            analyzers="".join(self._analyzers()),
        )
        if poisoned:
            good, bad, _ = _poison(self.index)
            text = text.replace(good, bad, 1)
        return text

    def _analyzers(self) -> Iterator[str]:
        for number in range(self.dice.randint(2, 4)):
            kind = self.dice.choice(("chemistry", "haematology", "coagulation"))
            protocol = self.dice.choice(("astm", "hl7v2"))
            yield f"    - {{name: {kind}-{number}, protocol: {protocol}, port: {9101 + number}}}\n"


def _poison(index: int) -> tuple[str, str, str]:
    return _POISONS[index % len(_POISONS)]


def _fleet_files() -> Iterator[tuple[str, str]]:
    """(path below the fleet's folder, text) of fleet.yaml and of every layer."""
    countries = [country for found in _COUNTRIES.values() for country in found]
    yield "fleet.yaml", _FLEET_FILE.format(name=_FLEET, countries=", ".join(countries))
    yield "layers/global.yaml", _GLOBAL
    for region in _COUNTRIES:
        yield f"layers/regions/{region}.yaml", _REGION.format(region=region)
    for number, country in enumerate(countries):
        layer = _COUNTRY.format(country=country, offset=number % 12, days=365 * (1 + number))
        yield f"layers/countries/{country}.yaml", layer
    for name, (pods, services, storage) in _DISTRIBUTIONS.items():
        layer = _DISTRIBUTION.format(pods=pods, services=services, storage=storage)
        yield f"layers/distributions/{name}.yaml", layer
    for name, (interval, level, scrape) in _RINGS.items():
        yield f"layers/rings/{name}.yaml", _RING.format(interval=interval, level=level, scrape=scrape)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())


def main() -> None:
    """Command line: see --help."""
    parser = argparse.ArgumentParser(description="Write a fleet repository to measure with.")
    parser.add_argument("folder", type=Path, help="empty or new")
    parser.add_argument("--sites", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--file-share", type=float, default=FILE_SHARE, help="of the files, the site's alone")
    parser.add_argument("--site-share", type=float, default=BYTE_SHARE, help="of the bytes, the site's alone")
    parser.add_argument("--poison", type=float, default=0.0, help="share of the sites that have to be refused")
    asked = parser.parse_args()
    made = generate(**vars(asked))
    print(f"{len(made.sites)} sites, {len(made.poisoned)} of them bad, in {made.root}")


if __name__ == "__main__":
    main()
