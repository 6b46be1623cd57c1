"""Both forms of a folder of layouts, and what the standard library alone finds in them."""

from __future__ import annotations

import json
import tarfile
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from renderer.publish import LayoutTarget, TargetOptions, open_target, publish_all
from renderer.types import Digest
from tests.publish.made import is_ours

if TYPE_CHECKING:
    from pathlib import Path

    from renderer.types import Outcome, Release

OPTIONS = TargetOptions(durable=False)
SCHEMES = ("oci-layout", "oci-archive")


@dataclass(frozen=True)
class Place:
    """A folder of layouts of one form; picklable, as other processes get it."""

    scheme: str
    folder: Path

    def open(self, **options: Any) -> LayoutTarget:
        target = open_target(f"{self.scheme}:{self.folder}", options=replace(OPTIONS, **options))
        assert isinstance(target, LayoutTarget)
        return target

    def publish(self, *releases: Release) -> list[Outcome]:
        target = self.open()
        found = [receipt.outcome for receipt in publish_all(target, releases, is_ours=is_ours)]
        target.close()
        return found

    def of(self, release: Release) -> Path:
        return self.open().path(release.repository, "")[0]

    def layouts(self) -> list[dict[str, bytes]]:
        """The files of each layout by name, those that a tool finds that unpacks it."""
        if self.scheme == "oci-archive":
            return [members(path) for path in sorted(self.folder.rglob("*.tar"))]
        roots = [index.parent for index in sorted(self.folder.rglob("index.json"))]
        return [
            {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("[!.]*") if path.is_file()}
            for root in roots
        ]

    def entries(self) -> list[dict[str, Any]]:
        return [entry for files in self.layouts() for entry in json.loads(files["index.json"])["manifests"]]

    def overwrite(self, release: Release, digest: Digest, content: bytes) -> None:
        """Damage a blob; the content must be as long as it was in an archive."""
        path, old = self.of(release), self.blob(release, digest)
        if path.is_dir():
            (path / "blobs" / "sha256" / digest.hex).write_bytes(content)
            return
        whole = path.read_bytes()
        assert whole.count(old) == 1
        path.write_bytes(whole.replace(old, content))

    def blob(self, release: Release, digest: Digest) -> bytes:
        path = self.of(release)
        files = members(path) if path.is_file() else None
        return files[f"blobs/sha256/{digest.hex}"] if files else (path / "blobs/sha256" / digest.hex).read_bytes()


def members(path: Path) -> dict[str, bytes]:
    """What stays when a tar is unpacked: of members with one name the last."""
    with tarfile.open(path, "r:") as archive:
        return {member.name: archive.extractfile(member).read() for member in archive}  # type: ignore[union-attr]


def check_whole(place: Place) -> None:
    """Every entry has its manifest and blobs, every blob its digest, and every tag its signature."""
    for files in place.layouts():
        assert json.loads(files["oci-layout"]) == {"imageLayoutVersion": "1.0.0"}
        blobs = {name.rpartition("/")[2]: data for name, data in files.items() if name.startswith("blobs/sha256/")}
        assert all(Digest.of(data).hex == name for name, data in blobs.items())
        listed = json.loads(files["index.json"])["manifests"]
        manifests = {entry["digest"]: json.loads(blobs[entry["digest"].removeprefix("sha256:")]) for entry in listed}
        subjects = {manifest["subject"]["digest"] for manifest in manifests.values() if "subject" in manifest}
        for digest, manifest in manifests.items():
            assert "subject" in manifest or digest in subjects
            for blob in (manifest["config"], *manifest["layers"]):
                assert len(blobs[blob["digest"].removeprefix("sha256:")]) == blob["size"]
