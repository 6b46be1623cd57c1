"""read.lock and read.git_address: the file that holds versions, and the addresses that are accepted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from renderer.read import Lock, Locked, SourceKind, dump_lock, load_fleet, load_lock, lock_path
from renderer.read.git_address import address_flaw, is_local, local_url, ref_flaw
from renderer.types import Digest, TemplatePin
from renderer.validate import check_input
from tests.build import accept, build_fleet

if TYPE_CHECKING:
    from pathlib import Path

HEX = st.text("0123456789abcdef", min_size=64, max_size=64)
NAMES = st.from_regex(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?", fullmatch=True)
VERSIONS = st.from_regex(r"[0-9A-Za-z][0-9A-Za-z.+_-]*", fullmatch=True)
LOCKED = st.one_of(
    st.builds(Locked, st.just(SourceKind.DIRECTORY), st.builds(Digest, HEX)),
    st.builds(Locked, st.just(SourceKind.GIT), st.builds(Digest, HEX), HEX.map(lambda text: text[:40])),
    st.builds(Locked, st.just(SourceKind.OCI), st.builds(Digest, HEX), HEX.map(lambda text: f"sha256:{text}")),
)
LOCKS = st.builds(
    Lock,
    st.dictionaries(st.builds(TemplatePin, NAMES, VERSIONS), LOCKED, max_size=8),
    st.dictionaries(st.builds(TemplatePin, NAMES, st.sampled_from(["^1", ">=1.4 <2", "*"])), VERSIONS, max_size=3),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(LOCKS)
def test_a_lock_is_read_as_it_was_written(tmp_path: Path, lock: Lock) -> None:
    fleet = load_fleet(build_fleet(tmp_path, {}), check=accept)
    lock_path(fleet).write_text(dump_lock(lock))

    assert load_lock(fleet, check=check_input) == lock


@given(LOCKS)
def test_the_text_does_not_depend_on_the_order_of_versions(lock: Lock) -> None:
    turned = Lock(dict([*lock.versions.items()][::-1]), dict([*lock.ranges.items()][::-1]))

    assert dump_lock(turned) == dump_lock(lock)


@pytest.mark.parametrize(
    "url",
    [
        "https://git.labs.example/platform/templates.git",
        "https://git.labs.example:8443/_git/a%20b",
        "ssh://git@git.labs.example:22/a/b.git",
        "ssh://git.labs.example/a",
        "git@git.labs.example:a/b.git",
        "/srv/git/x.git",
        "../platform",
        "./x",
        "file:///srv/git/x",
    ],
)
def test_usual_addresses_are_accepted(url: str) -> None:
    assert address_flaw(url) is None


@given(st.text(max_size=60))
def test_no_accepted_address_is_an_option_or_names_a_helper_or_breaks_a_line(url: str) -> None:
    if address_flaw(url) is None:
        assert not url.startswith("-")
        assert "::" not in url or is_local(url)
        assert url.isprintable()


@given(st.text(max_size=40))
def test_no_accepted_ref_is_an_option_or_an_expression(name: str) -> None:
    if ref_flaw(name) is None:
        assert not name.startswith(("-", "/", "."))
        assert not set(name) & set(" ~^:?*[\\\x7f@{}")
        assert ".." not in name


def test_a_local_address_is_absolute_and_escaped(tmp_path: Path) -> None:
    assert local_url("../a b", tmp_path / "c") == f"file://{tmp_path}/a%20b"
    assert local_url(f"file://{tmp_path}/x", tmp_path) == f"file://{tmp_path}/x"
