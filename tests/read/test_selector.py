"""Selectors: the grammar, and which sites it means."""

from __future__ import annotations

from pathlib import Path

import pytest

from renderer.errors import ConfigurationError
from renderer.read import Need, misspelt, parse_selector
from renderer.types import Fleet, Site, TemplatePin

FLEET = Fleet(
    name="labs",
    root=Path("labs"),
    repository=Path(),
    labels={"region": ("eu", "us"), "ring": ("canary", "early", "broad")},
    layers=(),
    templates=Path("templates"),
    schemas=Path("schemas"),
)
LABELS = {"region": "eu", "ring": "canary", "segment": "hospital"}
SITE = Site(
    name="berlin-01",
    file="sites/berlin-01.yaml",
    labels=LABELS,
    values={"cilium": {"mtu": 1500, "encryption": True, "mode": "vxlan"}, "replicas": 1, "empty": {}},
    templates=(TemplatePin("app", "1.4.0"), TemplatePin("base", "next"), TemplatePin("rc", "2.0.0-rc.1")),
    layers=("global.yaml", "regions/eu.yaml"),
)


def means(text: str) -> bool:
    return parse_selector(text, FLEET).holds(SITE.name, LABELS, SITE)


@pytest.mark.parametrize(
    "text",
    [
        "berlin-01",
        "berlin-*",
        "!paris-*",
        "site=berlin-*",
        "site in (paris-*, berlin-*)",
        "site notin (paris-*)",
        "ring=canary",
        "ring==canary",
        "ring != broad",
        "ring in (canary,early)",
        "region notin (us)",
        "segment=hospital",
        "label:segment",
        "!label:owner",
        "owner!=anna",
        "template:app",
        "!template:lab",
        "template:app=1.4.0",
        "template:app=1.4",
        "template:app<1.5",
        "template:app >= 1.4",
        "template:app^1",
        "template:app~1.4",
        "template:app!=1.3.0",
        "template:app in (1.3.0, 1.4.0)",
        "template:app notin (1.3.0)",
        "template:base=next",
        "template:rc<2",
        "layer:regions/eu.yaml",
        "layer:regions/*",
        "!layer:rings/*",
        "value:cilium.mtu",
        "!value:cilium.ipam",
        "value:cilium.mtu=1500",
        "value:cilium.mtu>1400",
        "value:cilium.mtu<=1500",
        "value:cilium.mtu in (1400, 1500)",
        "value:cilium.encryption=true",
        "value:cilium.mode=vxlan",
        "value:cilium.mode!=geneve",
        "value:ipam!=kubernetes",
        "ring=canary,region in (eu,us),template:app<1.5",
    ],
)
def test_a_selector_means_the_site(text: str) -> None:
    assert means(text)


@pytest.mark.parametrize(
    "text",
    [
        "paris-*",
        "!berlin-*",
        "site in (paris-01)",
        "ring=broad",
        "ring!=canary",
        "ring notin (canary,early)",
        "owner=anna",
        "label:owner",
        "!label:segment",
        "template:lab",
        "template:lab!=1.0.0",
        "template:app<1.4",
        "template:app>1.4.0",
        "template:app^2",
        "template:app=next",
        "template:base<2",
        "template:rc>=2",
        "layer:rings/*",
        "value:cilium.mtu=1400",
        'value:cilium.mtu="1500"',
        "value:cilium.mtu.more",
        "value:replicas=true",
        "value:cilium.encryption=1",
        "value:cilium.mode>1",
        "value:cilium.encryption>=1",
        "!value:empty",
        "ring=canary,region=us",
        "berlin-*,ring=broad",
    ],
)
def test_a_selector_does_not_mean_the_site(text: str) -> None:
    assert not means(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "expected NAME"),
        ("ring=canary,", "expected NAME"),
        ("ring=", "expected NAME"),
        ("ring in canary", "expected NAME"),
        ("ring in (canary,)", "between the commas"),
        ("ring in (a", "expected NAME"),
        ("a b", "expected NAME"),
        ("ring=canry", "did you mean canary?"),
        ("region in (eu,apac)", "no site can have region=apac"),
        ("ring>canary", "has no order"),
        ("layer:regions=eu", "has no order"),
        ("template:app<next", "expected a version"),
        ("template:", "expected template:NAME"),
        ("colour:red=1", "expected template:NAME"),
        ("value:a=[", "is no value"),
        ("value:a=012", "is no value"),
    ],
)
def test_what_is_no_selector_is_told(text: str, said: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_selector(text, FLEET)

    assert any(said in f"{problem.what} {problem.hint}" for problem in caught.value.problems)


def test_all_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_selector("ring=canry,a b,template:app<next", FLEET)

    assert len(caught.value.problems) == 3


def test_a_selector_says_how_much_of_a_site_it_needs() -> None:
    needs = [parse_selector(text, FLEET).need for text in ("berlin-*", "berlin-*,ring=canary", "ring=canary,layer:a")]

    assert needs == [Need.NAME, Need.LABELS, Need.MERGED]


def test_only_a_name_alone_is_a_pattern() -> None:
    texts = "berlin-*", "site=berlin-01", "!berlin-*", "site in (a,b)", "berlin-*,ring=canary", "ring=canary"

    patterns = [parse_selector(text, FLEET).pattern for text in texts]

    assert patterns == ["berlin-*", "berlin-01", None, None, None, None]


def test_a_slip_in_a_label_is_known() -> None:
    assert [problem.hint for problem in misspelt(parse_selector("rinng=canary", FLEET), FLEET)] == [
        "did you mean ring?"
    ]
    assert misspelt(parse_selector("segment=hospital", FLEET), FLEET) == []
