"""plan: which sites are looked at, and why."""

from __future__ import annotations

from renderer.plan import Entry, candidates, fingerprint, reasons_for
from renderer.types import Digest, Site, TemplatePin

GLOBAL = ("layers/global.yaml", Digest.of(b"global"))
GERMANY = ("layers/countries/de.yaml", Digest.of(b"de"))
BASE = ("edge-platform@1.3.0", Digest.of(b"base"))
FILE = Digest.of(b"site file")


def entry(*inputs: tuple[str, Digest], key_id: str = "key") -> Entry:
    out = Digest.of(b"out")
    return Entry(FILE, frozenset(inputs), out, out, out, 7, key_id, "2026-01-01T00:00:00Z")


ENTRIES = {"berlin-01": entry(GLOBAL, GERMANY, BASE), "austin-01": entry(GLOBAL, BASE)}
FILES = {"austin-01": FILE, "berlin-01": FILE}


def now(**changes: bytes | None) -> dict[str, Digest | None]:
    inputs: dict[str, Digest | None] = dict([GLOBAL, GERMANY, BASE])
    for stem, content in changes.items():
        name = next(name for name in inputs if stem in name)
        inputs[name] = None if content is None else Digest.of(content)
    return inputs


def test_nothing_changed_means_nothing_to_do() -> None:
    found = candidates(FILES, ENTRIES, now().get, "key")

    assert (found.changed, found.unchanged, found.removed) == ({}, 2, ())


def test_a_changed_layer_concerns_the_sites_that_use_it() -> None:
    found = candidates(FILES, ENTRIES, now(de=b"other").get, "key")

    assert found.changed == {"berlin-01": ("layers/countries/de.yaml changed",)}


def test_all_reasons_are_told() -> None:
    files = {**FILES, "berlin-01": Digest.of(b"edited"), "zurich-01": FILE}

    found = candidates(files, ENTRIES, now(edge=b"other", de=None).get, "other key")

    assert found.changed["berlin-01"] == (
        "site file changed",
        "edge-platform@1.3.0 changed",
        "layers/countries/de.yaml is gone",
        "signing key changed",
    )
    assert found.changed["zurich-01"] == ("new site",)


def test_a_site_that_left_the_fleet_is_told_as_removed() -> None:
    assert candidates({"austin-01": FILE}, ENTRIES, now().get, "key").removed == ("berlin-01",)


def test_a_shared_input_is_looked_up_once_however_many_sites_use_it() -> None:
    asked: list[str] = []
    sites = {f"site-{number}": entry(GLOBAL, BASE) for number in range(1000)}

    def current(name: str) -> Digest | None:
        asked.append(name)
        return now()[name]

    candidates(dict.fromkeys(sites, FILE), sites, current, None)

    assert sorted(asked) == sorted(name for name, _ in (GLOBAL, BASE))


def test_a_moved_pin_is_told_with_both_versions() -> None:
    inputs = frozenset([GLOBAL, ("edge-platform@1.4.0", Digest.of(b"new")), ("lab-app@2.0.0", Digest.of(b"app"))])

    assert reasons_for(entry(GLOBAL, GERMANY, BASE), inputs) == (
        "edge-platform 1.3.0 -> 1.4.0",
        "lab-app@2.0.0 is used for the first time",
        "layers/countries/de.yaml is no longer used",
    )


PIN = TemplatePin("edge-platform", "1.3.0")
SITE = Site("berlin-01", "f", {"region": "eu", "ring": "early"}, {"a": 1, "b": {"c": True}}, (PIN,), ("global.yaml",))


def print_of(site: Site = SITE, template: bytes = b"t", fleet: str = "labs", settings: bytes = b"s") -> Digest:
    return fingerprint(site, fleet, {PIN: Digest.of(template)}, Digest.of(settings))


def variant(**changes: object) -> Site:
    fields = {name: getattr(SITE, name) for name in Site.__slots__}
    return Site(**{**fields, **changes})


def test_whatever_can_change_the_output_changes_the_fingerprint() -> None:
    others = [
        print_of(variant(name="berlin-02")),
        print_of(variant(labels={"region": "us", "ring": "early"})),
        print_of(variant(values={"a": 1.0, "b": {"c": True}})),
        print_of(variant(values={"a": 1, "b": {"c": 1}})),
        print_of(variant(values={"b": {"c": True}, "a": 1})),
        print_of(variant(templates=())),
        print_of(template=b"u"),
        print_of(fleet="other"),
        print_of(settings=b"t"),
    ]

    assert len({print_of(), *others}) == len(others) + 1


def test_what_cannot_change_the_output_leaves_the_fingerprint() -> None:
    assert print_of(variant(file="elsewhere.yaml", layers=("other.yaml",))) == print_of()
    assert print_of(variant(labels={"ring": "early", "region": "eu"})) == print_of()
