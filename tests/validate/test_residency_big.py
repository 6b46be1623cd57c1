"""Data residency over random fleets: no host or registry of another region passes, however it is written."""

from __future__ import annotations

import itertools
import random
from typing import TYPE_CHECKING

import pytest
import yaml

from renderer.types import Digest, Manifest, Manifests, SchemaSet
from renderer.validate import Policies

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

FLEETS = 80
FOREIGN = {"FP431", "FP432", "FP433", "FP430", "FP437", "FP438"}

# Ways to write one host that clients connect to all the same. Each gets the host, and one that the site may ask.
DISGUISES: Mapping[str, Callable[[str, str], str]] = {
    "plain": lambda host, _: f"https://{host}/api",
    "capitals": lambda host, _: f"HTTPS://{host.upper()}/",
    "final dot": lambda host, _: f"https://{host}./",
    "port": lambda host, _: f"https://{host}:8443/",
    "user": lambda host, own: f"https://{own}@{host}/",
    "user and password": lambda host, own: f"https://{own}:443@{host}:443/",
    "fragment of another": lambda host, own: f"https://{host}/#@{own}",
    "query of another": lambda host, own: f"https://{host}?{own}",
    "path of another": lambda host, own: f"https://{host}/{own}",
    "backslash": lambda host, own: f"https:\\\\{host}\\{own}",
    "one slash": lambda host, _: f"https:/{host}/",
    "many slashes": lambda host, _: f"https:////{host}/",
    "no scheme": lambda host, _: f"//{host}/",
    "second of a list": lambda host, own: f"mongodb://{own},{host}/lab",
    "host and port": lambda host, _: f"{host}:4317",
    "broker list": lambda host, own: f"{own}:9092,{host}:9092",
    "data source": lambda host, _: f"lab:x@tcp({host}:3306)/lab",
    "in a sentence": lambda host, own: f"not {own}:443 but https://{host}, please",
    "wide dots": lambda host, _: f"https://{host.replace('.', '。')}/",
    "wide letters": lambda host, _: f"https://{''.join(chr(ord(c) + 0xFEE0) if c.isalpha() else c for c in host)}/",
    "percent": lambda host, _: f"https://{host.replace('.', '%2e')}/",
    "percent letter": lambda host, _: f"https://%{ord(host[0]):02x}{host[1:]}/",
    "escaped slashes": lambda host, _: f'{{"url": "https:\\/\\/{host}\\/"}}',
    "escaped letters": lambda host, _: f'{{"url": "\\u0068ttps://{host}/"}}',
    "behind two users": lambda host, own: f"https://a@{own}@{host}/",
    "behind a backslash": lambda host, own: f"https://{own}\\@{host}/",
    "behind a quote": lambda host, own: f'https://{own}"@{host}/',
    "git": lambda host, _: f"git@{host}:labs/config.git",
    "resolver": lambda host, _: f"dns:///{host}",
}


def place(text: str, shape: int) -> str:
    """An object that names the host, in one of several fields."""
    metadata = {"name": "a", "namespace": "lab"}
    container = {"name": "a", "image": "mirror.example/a:1.2.3"}
    shapes: list[dict[str, object]] = [
        {"apiVersion": "v1", "kind": "ConfigMap", "data": {"url": text}},
        {"apiVersion": "v1", "kind": "ConfigMap", "data": {"app.conf": f"# results\nto {text}\n"}},
        {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{**container, "args": [f"--target={text}"]}]}},
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "spec": {"containers": [{**container, "env": [{"name": "A", "value": text}]}]},
        },
        {"apiVersion": "acme.example/v1", "kind": "Exporter", "spec": {"deep": [{"er": {"endpoint": text}}]}},
        {"apiVersion": "helm.toolkit.fluxcd.io/v2", "kind": "HelmRelease", "spec": {"values": {"a": {"b": [text]}}}},
    ]
    return yaml.safe_dump({**shapes[shape % len(shapes)], "metadata": metadata}, allow_unicode=True, width=10_000)


class RandomFleet:
    """Regions, hosts and registries of each, what all may ask, and the policies that say so."""

    def __init__(self, seed: int) -> None:
        chance = random.Random(seed)
        self.regions = [f"r{number}" for number in range(chance.randint(2, 5))]
        letters = "abcdefghijklmnop"
        names = ["".join(chance.sample(letters, 5)) for _ in range(40)]
        domains = iter(names)
        self.patterns: dict[str, list[str]] = {}
        self.hosts: dict[str, list[str]] = {}
        for region in self.regions:
            # Domains of regions are often alike: one begins or ends as another one does.
            stem = next(domains)
            own = chance.choice([f"{region}.labs.example", f"{stem}.example", f"{region}{stem}.labs.example"])
            exact = f"{next(domains)}.labs.example"
            self.patterns[region] = [f"*.{own}", exact]
            self.hosts[region] = [f"{next(domains)}.{own}", f"a.b.{own}", exact]
        self.nobody = [f"{own[0]}.evil.example" for own in self.hosts.values()]
        self.nobody += [f"x{patterns[0].removeprefix('*.')}" for patterns in self.patterns.values()]
        self.policies = self._policies()

    def _policies(self) -> Policies:
        entries = [(region, self.patterns[region]) for region in self.regions]
        documents = [
            {
                "kind": "Egress",
                "name": "egress",
                "allow": [
                    {"hosts": ["mirror.example", "acme.example"]},
                    *({"sites": {"region": region}, "hosts": patterns} for region, patterns in entries),
                ],
            },
            {
                "kind": "Registries",
                "name": "registries",
                "allow": [
                    {"registries": ["mirror.example"]},
                    *({"sites": {"region": region}, "registries": patterns} for region, patterns in entries),
                ],
            },
        ]
        files = (("p.yaml", yaml.safe_dump_all(documents).encode()),)
        found = Policies.of(SchemaSet((), Digest.of(b""), files), {"region": tuple(self.regions)})
        assert found.problems == []
        return found

    def codes(self, region: str, text: str) -> set[str]:
        manifests = Manifests("lab", (Manifest("a.yaml", text.encode()),))
        return {problem.code.value for problem in self.policies.check(manifests, {"region": region})}

    def triples(self) -> Iterator[tuple[str, str, str]]:
        """(region of the site, region of the host, host), for all; "" for the region of what nobody may ask."""
        for site in self.regions:
            for region, hosts in {**self.hosts, "": self.nobody}.items():
                yield from ((site, region, host) for host in hosts)


@pytest.mark.parametrize("seed", range(FLEETS))
def test_no_host_of_another_region_passes_in_any_disguise_or_place(seed: int) -> None:
    fleet = RandomFleet(seed)
    wrong = [
        (site, host, disguise)
        for number, (site, region, host) in enumerate(fleet.triples())
        for shape, (disguise, write) in enumerate(DISGUISES.items())
        if region != site and not fleet.codes(site, place(write(host, fleet.hosts[site][0]), number + shape)) & FOREIGN
    ]

    assert wrong == []


@pytest.mark.parametrize("seed", range(FLEETS))
def test_every_host_of_the_own_region_passes_as_it_is(seed: int) -> None:
    fleet = RandomFleet(seed)
    plain = ("plain", "capitals", "final dot", "port", "host and port", "second of a list", "broker list")
    refused = [
        (host, disguise, found)
        for number, (site, region, host) in enumerate(fleet.triples())
        for shape, disguise in enumerate(plain)
        if region == site
        and (found := fleet.codes(site, place(DISGUISES[disguise](host, fleet.hosts[site][0]), number + shape)))
    ]

    assert refused == []


@pytest.mark.parametrize("seed", range(FLEETS))
def test_an_image_passes_in_its_own_region_only(seed: int) -> None:
    fleet = RandomFleet(seed)
    forms = ("{}/lab/web:1.2.3", "{}:443/lab/web:1.2.3", "{}/lab/web@sha256:" + "0" * 64)
    for (site, region, host), form in itertools.product(fleet.triples(), forms):
        for written in (host, host.upper()):
            pod = {"containers": [{"name": "a", "image": form.format(written)}]}
            values = {"image": {"registry": written, "repository": "lab/web", "tag": "1.2.3"}}
            objects: list[dict[str, object]] = [
                {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "spec": pod},
                {"apiVersion": "helm.toolkit.fluxcd.io/v2", "kind": "HelmRelease", "spec": {"values": values}},
            ]
            for one in objects:
                assert bool(fleet.codes(site, yaml.safe_dump(one))) == (region != site), (site, host, form)
