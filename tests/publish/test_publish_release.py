from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from renderer.errors import Code
from renderer.publish import Target, TargetOptions, open_target, publish_release
from renderer.types import Outcome, Release
from tests.publish.made import is_ours, make_bundle, make_legacy, make_release

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.fakes.registry import FakeRegistry


@pytest.fixture(params=["registry", "oci-layout", "oci-archive"])
def target(
    request: pytest.FixtureRequest, registry: FakeRegistry, options: TargetOptions, tmp_path: Path
) -> Iterator[Target]:
    local = f"{request.param}:{tmp_path / 'out'}"
    url = f"oci://{registry.host}/fleet" if request.param == "registry" else local
    opened = open_target(url, options=options)
    yield opened
    opened.close()


def release_for(registry: FakeRegistry, serial: int = 1, *, text: str = "a: 1", key: str = "our-key") -> Release:
    return make_release(registry.host, serial=serial, text=text, key=key)


def test_a_new_site_gets_its_tag_and_its_signature(target: Target, registry: FakeRegistry) -> None:
    release = release_for(registry, 7)
    receipt = publish_release(target, release, is_ours=is_ours)
    assert (receipt.outcome, receipt.serial, receipt.problems) == (Outcome.PUBLISHED, 7, ())
    assert receipt.reference == f"{registry.host}/fleet/berlin:1.7.0"
    found = target.get_manifest(release.repository, "1.7.0")
    assert found is not None
    assert found.data == release.artifact.manifest.data
    referrers = target.referrers(release.repository, release.artifact.manifest.digest)
    assert [entry["digest"] for entry in referrers] == [str(release.signatures[0].manifest.digest)]


def test_publishing_again_sends_nothing(target: Target, registry: FakeRegistry) -> None:
    publish_release(target, release_for(registry, 1), is_ours=is_ours)
    target.flush()
    receipt = publish_release(target, release_for(registry, 2), is_ours=is_ours)
    assert (receipt.outcome, receipt.serial, receipt.uploads) == (Outcome.UNCHANGED, 1, 0)
    assert target.tags(release_for(registry).repository)[-1:] != ("1.2.0",)


def test_an_older_serial_touches_nothing(target: Target, registry: FakeRegistry) -> None:
    publish_release(target, release_for(registry, 10), is_ours=is_ours)
    receipt = publish_release(target, release_for(registry, 9, text="a: old"), is_ours=is_ours)
    assert (receipt.outcome, receipt.serial, receipt.uploads) == (Outcome.SUPERSEDED, 10, 0)
    assert "1.9.0" not in target.tags(release_for(registry).repository)


def test_a_serial_compares_as_a_number(target: Target, registry: FakeRegistry) -> None:
    publish_release(target, release_for(registry, 9), is_ours=is_ours)
    receipt = publish_release(target, release_for(registry, 10, text="a: 2"), is_ours=is_ours)
    assert receipt.outcome is Outcome.PUBLISHED
    receipt = publish_release(target, release_for(registry, 9, text="a: 3"), is_ours=is_ours)
    assert receipt.outcome is Outcome.SUPERSEDED


def test_a_tag_never_moves_to_other_content(target: Target, registry: FakeRegistry) -> None:
    publish_release(target, release_for(registry, 3), is_ours=is_ours)
    receipt = publish_release(target, release_for(registry, 3, text="a: 2"), is_ours=is_ours)
    assert receipt.outcome is Outcome.FAILED
    assert [problem.code for problem in receipt.problems] == [Code.TAG_TAKEN]
    assert receipt.problems[0].hint
    assert receipt.problems[0].site == "berlin"


def test_a_rollback_is_one_new_tag(target: Target, registry: FakeRegistry) -> None:
    old = release_for(registry, 1)
    publish_release(target, old, is_ours=is_ours)
    publish_release(target, release_for(registry, 2, text="a: 2"), is_ours=is_ours)
    receipt = publish_release(target, replace(old, serial=3), is_ours=is_ours)
    assert (receipt.outcome, receipt.serial, receipt.uploads) == (Outcome.PUBLISHED, 3, 1)
    manifest = target.get_manifest(old.repository, "1.3.0")
    assert manifest is not None
    assert manifest.digest == old.artifact.manifest.digest


def test_a_missing_signature_is_added_without_a_new_tag(target: Target, registry: FakeRegistry) -> None:
    release = release_for(registry, 1)
    legacy = make_legacy(release.artifact)
    publish_release(target, release, is_ours=is_ours)
    receipt = publish_release(
        target, replace(release, serial=2, signatures=(*release.signatures, legacy)), is_ours=is_ours
    )
    assert (receipt.outcome, receipt.serial) == (Outcome.SIGNED, 1)
    assert receipt.uploads > 0
    assert set(target.tags(release.repository)) >= {"1.1.0", legacy.tag}
    assert "1.2.0" not in target.tags(release.repository)


def test_a_foreign_bundle_stops_the_site(target: Target, registry: FakeRegistry) -> None:
    publish_release(target, release_for(registry, 1, key="somebody-else"))
    receipt = publish_release(target, release_for(registry, 1), is_ours=is_ours)
    assert receipt.outcome is Outcome.FAILED
    assert [problem.code for problem in receipt.problems] == [Code.SIGNATURE_FOREIGN]


def test_a_foreign_bundle_without_any_tag_stops_the_site(target: Target, registry: FakeRegistry) -> None:
    release = release_for(registry, 1)
    target.put_blob(release.repository, release.artifact.config)
    target.attach(release.repository, make_bundle(release.artifact, "somebody-else"))
    receipt = publish_release(target, release, is_ours=is_ours)
    assert [problem.code for problem in receipt.problems] == [Code.SIGNATURE_FOREIGN]
    assert not any(tag.startswith("1.") for tag in target.tags(release.repository))


def test_a_rotated_key_signs_next_to_the_old_one(target: Target, registry: FakeRegistry) -> None:
    publish_release(target, release_for(registry, 1, key="our-old-key"), is_ours=is_ours)
    release = release_for(registry, 1)
    receipt = publish_release(target, release, is_ours=is_ours)
    assert receipt.outcome is Outcome.SIGNED
    assert len(target.referrers(release.repository, release.artifact.manifest.digest)) == 2


def test_a_rotated_key_joins_the_layers_of_a_legacy_signature(target: Target, registry: FakeRegistry) -> None:
    release = release_for(registry, 1)
    old, new = make_legacy(release.artifact, "our-old-key"), make_legacy(release.artifact)
    publish_release(target, replace(release, signatures=(old,)), is_ours=is_ours)
    rotated = replace(release, signatures=(new,))
    assert publish_release(target, rotated, is_ours=is_ours).outcome is Outcome.SIGNED
    manifest = target.get_manifest(release.repository, str(new.tag))
    assert manifest is not None
    assert all(str(signature.blobs[1].digest).encode() in manifest.data for signature in (old, new))
    assert publish_release(target, rotated, is_ours=is_ours).outcome is Outcome.UNCHANGED


def test_a_foreign_legacy_signature_stops_the_site(target: Target, registry: FakeRegistry) -> None:
    release = release_for(registry, 1)
    theirs, ours = make_legacy(release.artifact, "somebody-else"), make_legacy(release.artifact)
    publish_release(target, replace(release, signatures=(theirs,)))
    receipt = publish_release(target, replace(release, signatures=(ours,)), is_ours=is_ours)
    assert [problem.code for problem in receipt.problems] == [Code.SIGNATURE_FOREIGN]


def test_a_repository_outside_the_target_is_refused(registry: FakeRegistry, options: TargetOptions) -> None:
    target = open_target(f"oci://{registry.host}/fleet", options=options)
    for other in (make_release("registry.us.example"), make_release(registry.host, prefix="fleet-us")):
        receipt = publish_release(target, other, is_ours=is_ours)
        assert [problem.code for problem in receipt.problems] == [Code.RESIDENCY]
    assert registry.seen == []
    target.close()


def test_an_unchanged_site_costs_three_requests_and_no_push(registry: FakeRegistry, options: TargetOptions) -> None:
    target = open_target(f"oci://{registry.host}/fleet", options=options)
    publish_release(target, make_release(registry.host), is_ours=is_ours)
    before = len(registry.seen)
    publish_release(target, make_release(registry.host, serial=2), is_ours=is_ours)
    asked = registry.seen[before:]
    assert len(asked) == 3
    assert {each.method for each in asked} <= {"GET", "HEAD"}
    target.close()
