from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from renderer.errors import PublishError
from renderer.publish import TargetOptions, open_target, publish_release
from renderer.publish.interface import OCI_INDEX
from renderer.publish.referrers import FallbackIndex, merge_legacy
from renderer.types import Blob, Digest, Outcome, compact_json
from tests.fakes.registry import FakeRegistry
from tests.publish.made import is_ours, make_artifact, make_bundle, make_legacy, make_release

if TYPE_CHECKING:
    from collections.abc import Callable

OURS = {"digest": "sha256:" + "1" * 64, "size": 1, "mediaType": "m"}
THEIRS = {"digest": "sha512:" + "2" * 128, "size": 2, "mediaType": "m", "annotations": {"kept": "as it is"}}
SUBJECT = Digest.of(b"subject")
PLACE = make_release("h").repository


class Tag:
    """One tag that others write to as well: `meanwhile` runs after each write of ours."""

    def __init__(self, meanwhile: Callable[[Tag], None]) -> None:
        self.entries: list[Any] = []
        self.meanwhile = meanwhile

    def get_manifest(self, *_: object) -> Blob | None:
        return Blob.of(compact_json({"manifests": self.entries}), OCI_INDEX) if self.entries else None

    def put_manifest(self, _: object, manifest: Blob, tag: str) -> bool:
        assert tag == f"sha256-{SUBJECT.hex}"
        self.entries = json.loads(manifest.data)["manifests"]
        self.meanwhile(self)
        return True


def test_entries_of_others_are_kept_byte_for_byte() -> None:
    tag = Tag(lambda _: None)
    tag.entries = [THEIRS]
    assert FallbackIndex(tag, PLACE, SUBJECT).add(OURS) == 1  # type: ignore[arg-type]
    assert tag.entries == [THEIRS, OURS]
    assert FallbackIndex(tag, PLACE, SUBJECT).add(OURS) == 0  # type: ignore[arg-type]


def test_an_entry_that_somebody_overwrote_is_written_again() -> None:
    def overwrite_once(tag: Tag) -> None:
        tag.entries, tag.meanwhile = [THEIRS], lambda _: None

    tag = Tag(overwrite_once)
    assert FallbackIndex(tag, PLACE, SUBJECT).add(OURS) == 2  # type: ignore[arg-type]
    assert tag.entries == [THEIRS, OURS]


def test_somebody_who_overwrites_for_ever_is_told() -> None:
    tag = Tag(lambda tag: setattr(tag, "entries", [THEIRS]))
    with pytest.raises(PublishError, match="keep overwriting"):
        FallbackIndex(tag, PLACE, SUBJECT).add(OURS)  # type: ignore[arg-type]


def test_legacy_layers_are_joined_once() -> None:
    artifact = make_artifact("berlin")
    old, new = (make_legacy(artifact, key).manifest for key in ("our-old-key", "our-key"))
    both = merge_legacy(old, new)
    assert len(json.loads(both.data)["layers"]) == 2
    assert len(json.loads(merge_legacy(both, new).data)["layers"]) == 2


def test_other_referrers_may_stay(registry: FakeRegistry, options: TargetOptions) -> None:
    """An SBOM is nobody's signature; an unnamed bundle is somebody's."""
    target, release = open_target(f"oci://{registry.host}/fleet", options=options), make_release(registry.host)
    publish_release(target, release, is_ours=is_ours)
    sbom = make_bundle(release.artifact, "somebody-else")
    value = json.loads(sbom.manifest.data) | {"artifactType": "application/spdx+json"}
    manifest = Blob.of(compact_json(value), sbom.manifest.media_type)

    target.attach(release.repository, replace(sbom, manifest=manifest, artifact_type=None))
    assert len(target.referrers(release.repository, release.artifact.manifest.digest)) == 2
    assert publish_release(target, release, is_ours=is_ours).outcome is Outcome.UNCHANGED
    target.attach(release.repository, replace(make_bundle(release.artifact, "somebody-else"), artifact_type=None))
    assert publish_release(target, release, is_ours=is_ours).outcome is Outcome.FAILED
    target.close()


def test_the_referrers_api_is_probed_once(options: TargetOptions) -> None:
    with FakeRegistry(referrers_api=False) as registry:
        target = open_target(f"oci://{registry.host}/fleet", options=options)
        for number in range(5):
            publish_release(target, make_release(registry.host, f"site-{number}"), is_ours=is_ours)
        target.close()
    assert registry.counts()["referrers"] == 1
    assert registry.unsigned_tags() == []


def test_the_single_post_is_probed_once(options: TargetOptions) -> None:
    with FakeRegistry(single_post=False) as registry:
        target = open_target(f"oci://{registry.host}/fleet", options=options)
        for number in range(5):
            publish_release(target, make_release(registry.host, f"site-{number}"), is_ours=is_ours)
        target.close()
    posts = [seen.path for seen in registry.seen if seen.kind == "upload-post"]
    assert sum("digest=" in path for path in posts) == 1
    assert len(posts) == 15
