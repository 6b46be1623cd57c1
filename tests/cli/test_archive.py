"""`--to oci-archive:DIR` wherever a command takes a target."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from renderer.types import Digest
from tests.judges import programs

if TYPE_CHECKING:
    from tests.cli.conftest import Shop


@pytest.fixture
def store(shop: Shop) -> Shop:
    """The shop that publishes into archives."""
    shop.target = shop.target.replace("oci-layout:", "oci-archive:")
    return shop


def archives(shop: Shop) -> list[Path]:
    return sorted(Path(shop.target.partition(":")[2]).rglob("*.tar"))


def archive_of(shop: Shop, site: str) -> Path:
    (found,) = [path for path in archives(shop) if path.stem == f"_{Digest.of(site.encode()).hex[:2]}"]
    return found


def tags(path: Path) -> list[str]:
    with tarfile.open(path) as archive:
        index = json.loads(archive.extractfile("index.json").read())  # type: ignore[union-attr]
    notes = [entry.get("annotations", {}).get("org.opencontainers.image.ref.name") for entry in index["manifests"]]
    return [note for note in notes if note]


def test_a_fleet_is_published_changed_compared_and_verified(store: Shop) -> None:
    first = store.publish()
    assert set(first.outcomes().values()) == {"published"}
    assert store.publish().json["uploads"] == 0
    before = {site["site"]: site["content"] for site in store.verify().json["sites"]}

    store.edit("layers/global.yaml", 'templates: {app: "1.0.0"}\nvalues: {colour: blue}\n')
    changed = store("diff", "--to", store.target, "-o", "json")
    assert (changed.code, changed.json["compared"]) == (1, 3)
    assert set(store.publish().outcomes().values()) == {"published"}
    assert store("diff", "--to", store.target).code == 0
    assert store.verify().code == 0

    store.commit()
    back = store("rollback", "berlin-01", "--last-good", "--to", store.target, "--key", store.private, "-o", "json")
    assert back.outcomes() == {"berlin-01": "published"}
    now = {site["site"]: site["content"] for site in store.verify().json["sites"]}
    assert now["berlin-01"] == before["berlin-01"]
    assert now["paris-01"] != before["paris-01"]
    assert len(tags(archive_of(store, "berlin-01"))) == 3


def test_both_forms_hold_the_same_artifacts(store: Shop) -> None:
    archived = store.publish().json["receipts"]
    in_folders = store.publish(to=store.target.replace("oci-archive:", "oci-layout:")).json["receipts"]

    assert [each["digest"] for each in archived] == [each["digest"] for each in in_folders]
    assert {each["outcome"] for each in in_folders} == {"published"}, "what one form has, the other has not"


def test_what_is_not_committed_may_be_archived(store: Shop) -> None:
    (store.root / "layers/global.yaml").write_text('templates: {app: "1.0.0"}\nvalues: {colour: red}\n')

    assert store.publish().code == 0


def test_a_damaged_archive_stops_its_sites_only_and_is_made_again(store: Shop) -> None:
    store.publish()
    path = archive_of(store, "berlin-01")
    path.write_bytes(path.read_bytes()[:-700])
    store.edit("layers/global.yaml", 'templates: {app: "1.0.0"}\nvalues: {colour: blue}\n')

    done = store.publish()
    assert done.code == 3
    assert done.outcomes() == {"austin-01": "published", "berlin-01": "failed", "paris-01": "published"}
    assert done.codes() == {"FP713"}
    told = store.verify()
    assert (told.code, told.codes()) == (1, {"FP713"})

    path.rename(path.with_suffix(".damaged"))
    assert store.publish("--all").outcomes()["berlin-01"] == "published"
    assert store.verify().code == 0


def test_a_damaged_archive_of_the_ledger_is_told(store: Shop) -> None:
    store.publish()
    ledgers = [path for path in archives(store) if "ledger" in path.parts]
    for ledger in ledgers:
        ledger.write_bytes(ledger.read_bytes()[:-700])

    done = store("plan", "--to", store.target)
    assert done.code == 4
    assert "FP713" in done.err

    for ledger in ledgers:
        ledger.unlink()
    store.commit()
    assert set(store.publish().outcomes().values()) == {"unchanged"}
    assert store("plan", "--to", store.target, "-o", "json").json["unchanged"] == 3


def test_skopeo_and_oras_read_an_archive(store: Shop, tmp_path: Path) -> None:
    (receipt,) = store.publish("berlin-01").json["receipts"]
    path, name = archive_of(store, "berlin-01"), f"berlin-01/{receipt['reference'].rpartition(':')[2]}"

    copied = programs.run("skopeo", "--insecure-policy", "copy", f"oci-archive:{path}:{name}", f"dir:{tmp_path / 's'}")
    pulled = programs.run("oras", "manifest", "fetch", "--oci-layout", f"{path}:{name}")

    assert copied.returncode == 0, copied.stderr
    assert str(Digest.of((tmp_path / "s/manifest.json").read_bytes())) == receipt["digest"]
    assert json.loads(pulled.stdout)["annotations"]["dev.fleetpress.site"] == "berlin-01"
