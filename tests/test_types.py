"""`parse` and `__str__` are inverse, and nothing else parses."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renderer.types import Digest, Document, Origin, Reference, Shard, TemplatePin

digests = st.binary(max_size=8).map(Digest.of)
hosts = st.sampled_from(["registry.eu.labs.example", "localhost:5000", "127.0.0.1:5000", "[::1]:5000"])
repositories = st.from_regex(r"[a-z0-9]{1,8}([._-][a-z0-9]{1,5})?(/[a-z0-9]{1,8}){0,3}", fullmatch=True)
tags = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,20}", fullmatch=True)


@given(digests)
def test_a_digest_is_its_text(digest: Digest) -> None:
    assert Digest.parse(str(digest)) == digest


@given(st.builds(Reference, hosts, repositories, st.none() | tags, st.none() | digests))
def test_a_reference_is_its_text(reference: Reference) -> None:
    assert Reference.parse(str(reference)) == reference


@given(st.from_regex(r"[a-z-]{1,9}", fullmatch=True), st.from_regex(r"[0-9a-z.@+-]{1,9}", fullmatch=True))
def test_a_pin_is_its_text(name: str, version: str) -> None:
    pin = TemplatePin(name, version)

    assert TemplatePin.parse(str(pin)) == pin


@pytest.mark.parametrize(
    "text", ["", "sha256:", "sha256:" + "A" * 64, "sha512:" + "a" * 64, "a" * 64, "sha256:" + "a" * 65]
)
def test_what_is_no_digest_does_not_parse(text: str) -> None:
    with pytest.raises(ValueError, match="expected sha256:"):
        Digest.parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "host",
        "host/",
        "/repo",
        "https://host/repo",
        "host/Repo",
        "host/repo:",
        "host/repo@sha256:1",
        "host/a//b",
        "h/../r",
    ],
)
def test_what_is_no_reference_does_not_parse(text: str) -> None:
    with pytest.raises(ValueError, match="expected HOST/REPOSITORY"):
        Reference.parse(text)


@pytest.mark.parametrize("text", ["", "name", "name@", "@1.0"])
def test_what_is_no_pin_does_not_parse(text: str) -> None:
    with pytest.raises(ValueError, match="expected NAME@VERSION"):
        TemplatePin.parse(text)


def test_a_value_without_a_position_of_its_own_has_its_parents() -> None:
    document = Document("a.yaml", {"a": {"b": [1]}}, {("a",): (2, 1), ("a", "b"): (3, 3)})

    assert document.origin(("a", "b", 0)) == Origin("a.yaml", 3, 3)
    assert document.origin(("x",)) == Origin("a.yaml", 1, 1)


@given(st.integers(1, 40), st.lists(st.from_regex(r"[a-z0-9-]{1,20}", fullmatch=True), unique=True))
def test_every_site_is_in_one_share_whatever_other_sites_there_are(count: int, sites: list[str]) -> None:
    shares = [Shard(index, count) for index in range(1, count + 1)]

    assert all(sum(share.has(site) for share in shares) == 1 for site in sites)
    assert all(Shard.parse(str(share)) == share for share in shares)


def test_shares_are_about_equal() -> None:
    sizes = [sum(Shard(index, 16).has(f"lab-{number:05}") for number in range(16_000)) for index in range(1, 17)]

    assert sum(sizes) == 16_000
    assert min(sizes) > 900
    assert max(sizes) < 1100
