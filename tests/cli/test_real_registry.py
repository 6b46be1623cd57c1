"""The sample fleet in a real registry, judged by tools that nobody here wrote."""

from __future__ import annotations

import gzip
import io
import json
import shutil
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from renderer.publish import TargetOptions, open_target
from renderer.types import Blob, Digest, Reference
from tests.cli.conftest import Shop
from tests.judges import programs

if TYPE_CHECKING:
    from tests.judges.registry import Registry

pytestmark = pytest.mark.online

REPOSITORY = Path(__file__).parents[2]
SITES = ["berlin-spreelab-01", "cologne-rheinklinik-01", "austin-*"]


@pytest.fixture
def sample(shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """The sample fleet in a git repository of its own."""
    copy = tmp_path / "sample" / "repository"
    for folder in ("fleets", "templates", "schemas"):
        shutil.copytree(REPOSITORY / folder, copy / folder)
    (copy.parent / "key").mkdir()
    opened = Shop(copy, shop.run)
    opened.git("init", "-q", "-b", "main")
    opened.commit()
    monkeypatch.chdir(copy)
    return opened


def at(registry: Registry, repository: str) -> str:
    return f"oci://{registry.host}/{repository}"


def test_publish_publish_again_change_one_site_verify(sample: Shop, docker_registry: Registry, repository: str) -> None:
    to = at(docker_registry, repository)
    first = sample.publish("--plain-http", to=to)
    assert first.code == 0, first.err
    assert set(first.outcomes().values()) == {"published"}
    assert len(first.outcomes()) >= 60

    again = sample.publish("--plain-http", to=to)
    assert (again.code, again.json["uploads"], again.json["receipts"]) == (0, 0, [])

    asked = sample.publish("--plain-http", "--all", to=to)
    assert (asked.code, asked.json["uploads"], set(asked.outcomes().values())) == (0, 0, {"unchanged"})

    path = next(sample.root.rglob("berlin-spreelab-01.yaml"))
    text = path.read_text()
    assert "ring: canary" in text
    path.write_text(text.replace("ring: canary", "ring: early"))
    sample.commit()
    moved = sample.publish("--plain-http", to=to)
    assert moved.outcomes() == {"berlin-spreelab-01": "published"}, moved.err

    verified = sample.verify("--plain-http", to=to)
    assert (verified.code, verified.codes()) == (0, set())


@pytest.mark.parametrize("form", ["bundle", "legacy", "both"])
def test_cosign_accepts_our_key_and_refuses_another(
    sample: Shop, docker_registry: Registry, repository: str, form: str, tmp_path: Path
) -> None:
    fleet = (sample.root / "fleet.yaml").read_text()
    assert "signing: {format: bundle}" in fleet
    sample.edit("fleet.yaml", fleet.replace("signing: {format: bundle}", f"signing: {{format: {form}}}"))
    done = sample.publish("--plain-http", *SITES, to=at(docker_registry, repository))
    assert done.code == 0, done.err
    sample("keygen", tmp_path / "other")

    for receipt in done.json["receipts"]:
        reference = f"{receipt['reference'].rpartition(':')[0]}@{receipt['digest']}"
        accepted = [programs.cosign_verify(reference, sample.public)]
        refused = [programs.cosign_verify(reference, tmp_path / "other.pub")]
        if form != "bundle":
            accepted.append(programs.cosign_verify(reference, sample.public, legacy=True))
            refused.append(programs.cosign_verify(reference, tmp_path / "other.pub", legacy=True))
        assert [run.returncode for run in accepted] == [0] * len(accepted), accepted
        assert all(run.returncode != 0 for run in refused)


def test_a_tampered_artifact_is_refused_whatever_signature_is_put_next_to_it(
    sample: Shop, docker_registry: Registry, repository: str
) -> None:
    done = sample.publish("--plain-http", "berlin-spreelab-01", to=at(docker_registry, repository))
    place = Reference.parse(done.json["receipts"][0]["reference"])
    target = open_target(at(docker_registry, repository), options=TargetOptions(plain_http=True))
    good = target.get_manifest(place, str(place.tag))
    assert good is not None
    tampered = Blob.of(good.data.replace(b"1970-01-01", b"1970-01-02"), good.media_type)
    signatures = target.get_manifest(place, f"sha256-{good.digest.hex}")
    assert signatures is not None
    assert programs.cosign_verify(f"{place.name}@{good.digest}", sample.public).returncode == 0

    target.put_manifest(place, tampered, "1.999.0")
    target.put_manifest(place, signatures, f"sha256-{tampered.digest.hex}")
    target.close()

    assert programs.cosign_verify(f"{place.name}:1.999.0", sample.public).returncode != 0
    found = sample.verify("--plain-http", "berlin-spreelab-01", to=at(docker_registry, repository))
    assert found.code == 1
    assert found.codes() == {"FP607", "FP610"}


@pytest.mark.parametrize("tool", ["skopeo", "crane", "oras"])
def test_what_a_tool_pulls_is_what_was_rendered(
    sample: Shop, docker_registry: Registry, repository: str, tool: str, tmp_path: Path
) -> None:
    done = sample.publish("--plain-http", "berlin-spreelab-01", to=at(docker_registry, repository))
    (receipt,) = done.json["receipts"]
    sample("render", "berlin-spreelab-01", "-o", tmp_path / "rendered")
    root = tmp_path / "rendered/berlin-spreelab-01"
    rendered = {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}

    layout = tmp_path / tool
    pull = {
        "skopeo": lambda: programs.skopeo_copy(receipt["reference"], f"oci:{layout}:pulled"),
        "crane": lambda: programs.crane_pull(receipt["reference"], layout),
        "oras": lambda: programs.oras_pull(receipt["reference"], layout),
    }[tool]()

    assert pull.returncode == 0, pull.stderr
    blobs = {path.name: path.read_bytes() for path in (layout / "blobs/sha256").iterdir()}
    manifest = json.loads(blobs[receipt["digest"].removeprefix("sha256:")])
    layer = blobs[manifest["layers"][0]["digest"].removeprefix("sha256:")]
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(layer))) as archive:
        pulled = {member.name: archive.extractfile(member).read() for member in archive}  # type: ignore[union-attr]
    assert pulled == rendered


def test_a_layout_folder_is_read_by_skopeo_and_oras(sample: Shop, tmp_path: Path) -> None:
    done = sample.publish("berlin-spreelab-01")
    (receipt,) = done.json["receipts"]
    folder = Path(sample.target.partition(":")[2])
    (index,) = [path for path in folder.rglob("index.json") if "berlin-spreelab-01/1." in path.read_text()]
    name = f"berlin-spreelab-01/{receipt['reference'].rpartition(':')[2]}"

    copied = programs.run("skopeo", "--insecure-policy", "copy", f"oci:{index.parent}:{name}", f"dir:{tmp_path / 's'}")
    pulled = programs.run("oras", "manifest", "fetch", "--oci-layout", f"{index.parent}:{name}")

    assert copied.returncode == 0, copied.stderr
    assert str(Digest.of((tmp_path / "s/manifest.json").read_bytes())) == receipt["digest"]
    assert json.loads(pulled.stdout)["annotations"]["dev.fleetpress.site"] == "berlin-spreelab-01"


SHARING = """
publishing:
  mode: shared-base
  own: [node_cidr, node_ips, lb_pool, ingress_host, ingress_aliases, analyzers, capacity, timezone, lb_mode, bgp]
"""


def test_bases_and_parts_are_accepted_by_cosign_and_read_by_all(
    sample: Shop, docker_registry: Registry, repository: str, tmp_path: Path
) -> None:
    sample.edit("fleet.yaml", (sample.root / "fleet.yaml").read_text() + SHARING)
    to = at(docker_registry, repository)
    done = sample.publish("--plain-http", *SITES, to=to)
    assert done.code == 0, done.err
    assert sample.verify("--plain-http", *SITES, to=to).code == 0

    for receipt in (*done.json["receipts"], *done.json["bases"]):
        reference = f"{receipt['reference'].rpartition(':')[0]}@{receipt['digest']}"
        accepted = programs.cosign_verify(reference, sample.public)
        assert accepted.returncode == 0, accepted.stderr
    sample("render", "berlin-spreelab-01", "-o", tmp_path / "rendered")
    root = tmp_path / "rendered/berlin-spreelab-01"
    rendered = {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}
    verified = {one["site"]: one for one in sample.verify("--plain-http", "berlin-spreelab-01", to=to).json["sites"]}
    berlin = verified["berlin-spreelab-01"]
    found: dict[str, bytes] = {}
    for kind, reference in (("part", berlin["reference"]), ("base", berlin["base"])):
        layout = tmp_path / kind
        pulled = programs.skopeo_copy(reference, f"oci:{layout}:pulled")
        assert pulled.returncode == 0, pulled.stderr
        assert programs.oras_pull(reference, tmp_path / f"{kind}-oras").returncode == 0
        assert programs.crane_pull(reference, tmp_path / f"{kind}-crane").returncode == 0
        for path in (layout / "blobs/sha256").iterdir():
            if path.read_bytes()[:2] == b"\x1f\x8b":
                with tarfile.open(fileobj=io.BytesIO(gzip.decompress(path.read_bytes()))) as archive:
                    found |= {member.name: archive.extractfile(member).read() for member in archive}  # type: ignore[union-attr]
    pointer = found.pop("base/ocirepository.yaml").decode()
    assert Reference.parse(berlin["base"]).repository.rpartition("/")[2] in pointer
    assert {name.removeprefix("site/"): content for name, content in found.items()} == rendered
