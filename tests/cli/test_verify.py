"""verify finds what a cluster would refuse, and what a cluster cannot see."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from renderer.publish import open_target
from renderer.types import Blob, Digest, Reference, Signature, SignatureFormat

if TYPE_CHECKING:
    import pytest

    from renderer.publish import Target
    from tests.cli.conftest import Shop


def blobs(shop: Shop) -> list[Path]:
    return sorted(Path(shop.target.partition(":")[2]).rglob("blobs/sha256/*"))


def test_nothing_published_is_told(shop: Shop) -> None:
    done = shop.verify()

    assert done.code == 1
    assert done.codes() == {"FP709"}


def test_a_wrong_key_verifies_nothing(shop: Shop, tmp_path: Path) -> None:
    shop.publish()
    shop("keygen", tmp_path / "other")

    done = shop.verify(key=tmp_path / "other.pub")

    assert done.code == 1
    assert done.codes() == {"FP605"}


def test_any_of_several_keys_will_do(shop: Shop, tmp_path: Path) -> None:
    shop.publish()
    shop("keygen", tmp_path / "other")

    assert shop.verify("--key", str(tmp_path / "other.pub")).code == 0


def test_a_flipped_byte_in_any_blob_is_found(shop: Shop) -> None:
    shop.publish("berlin-01")
    found = 0
    for blob in blobs(shop):
        whole = blob.read_bytes()
        blob.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
        done = shop.verify("berlin-01")
        found += done.code == 1
        blob.write_bytes(whole)

    # All but the two-byte configs and the ledger's blobs carry the artifact or its signature.
    assert found == 4
    assert shop.verify("berlin-01").code == 0


def test_the_artifact_of_another_site_is_found_although_its_signature_is_good(shop: Shop) -> None:
    shop.publish()
    target = open_target(shop.target)
    here, there = (Reference("registry.eu.example", f"press/labs/{site}") for site in ("berlin-01", "paris-01"))
    manifest = target.get_manifest(there, "1.1.0")
    assert manifest is not None
    for blob in blobs_of(target, manifest, there):
        target.put_blob(here, blob)
    (entry,) = target.referrers(there, manifest.digest)
    signed = target.get_manifest(there, Digest.parse(str(entry["digest"])))
    assert signed is not None
    payloads = tuple(blobs_of(target, signed, there))
    target.attach(here, Signature(SignatureFormat.BUNDLE, "", manifest.digest, payloads, signed))
    target.put_manifest(here, manifest, "1.2.0")
    target.close()

    done = shop.verify("berlin-01")

    assert done.code == 1
    assert done.codes() == {"FP608", "FP610"}


def blobs_of(target: Target, manifest: Blob, repository: Reference) -> list[Blob]:
    parsed = json.loads(manifest.data)
    return [
        Blob.of(target.get_blob(repository, Digest.parse(each["digest"]), limit=1 << 20), each["mediaType"])
        for each in [parsed["config"], *parsed["layers"]]
    ]


def test_a_registry_that_offers_an_old_artifact_as_new_is_found(shop: Shop) -> None:
    shop.publish()
    shop.edit("layers/regions/eu.yaml", "values: {replicas: 9}\n")
    shop.publish()
    target = open_target(shop.target)
    here = Reference("registry.eu.example", "press/labs/berlin-01")
    old = target.get_manifest(here, "1.1.0")
    assert old is not None
    target.put_manifest(here, old, "1.999.0")
    target.close()

    done = shop.verify()

    assert done.code == 1
    assert done.codes() == {"FP610"}
    assert {site["site"]: site["outcome"] for site in done.json["sites"]} == {
        "austin-01": "verified",
        "berlin-01": "failed",
        "paris-01": "verified",
    }


def test_a_registry_that_does_not_answer_is_no_verdict(shop: Shop) -> None:
    fleet = shop("verify", "--to", "oci://127.0.0.1:9/x", "--plain-http", "--key", shop.public)

    assert fleet.code == 4
    assert "FP701" in fleet.err


def test_keys_for_publishing_and_verifying_have_variables_of_their_own(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLEETPRESS_KEY", str(shop.private))
    monkeypatch.setenv("FLEETPRESS_PUBLIC_KEY", str(shop.public))

    assert shop("publish", "--to", shop.target).code == 0
    assert shop("verify", "--to", shop.target).code == 0
