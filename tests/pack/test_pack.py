"""pack: the bytes that Flux accepts, and the refusals."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renderer.errors import Code
from renderer.pack import content_of, layer, pack
from renderer.types import Artifact, Digest, Manifest, Manifests, Rejected

FILES = (
    Manifest("apps/a.yaml", b"kind: A\n"),
    Manifest("platform/b.yaml", b"x" * 513),
    Manifest("platform/" + "d" * 120 + "/ü.yaml", b"long and not ASCII\n"),
)


def packed(*files: Manifest, site: str = "berlin-01") -> Artifact:
    artifact = pack(Manifests(site, files))
    assert isinstance(artifact, Artifact)
    return artifact


def members(artifact: Artifact) -> list[tarfile.TarInfo]:
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(artifact.layer.data))) as archive:
        return archive.getmembers()


def test_the_bytes_never_change() -> None:
    # The golden digests: if they move, every artifact of every fleet is published anew. Say so in the CHANGELOG.
    artifact = packed(*FILES)

    assert str(artifact.content) == "sha256:eb540795391ef60b240725dc46e873fdfad6e062d2a2bd494687d6f289cf0f44"
    assert str(artifact.manifest.digest) == "sha256:d97bebda18c62dacae29f9b1238e3e4e6e7d7b58091debf845f2fdf3a58c5ef4"


def test_the_bytes_of_a_layer_in_two_members_never_change() -> None:
    # As above: these are what nearly all sites have.
    artifact = packed(*FILES, Manifest("a.yaml", b"site: berlin-01\n"))

    assert str(artifact.content) == "sha256:584c19b8ec4cb5bd630d1ddadc4919efc7c7c1af5fc9fc266755b7d5b76fe254"
    assert str(artifact.manifest.digest) == "sha256:2bda5d44cf144f461e1dd48495129c44c94d74816a50cd0548ba3d0ab3f07eb6"


def test_files_that_name_the_site_come_last_in_a_member_of_their_own() -> None:
    own = [Manifest(f"{name}/own.yaml", b"of berlin-01\n") for name in ("a", "z")]
    shared = [Manifest(f"{name}/shared.yaml", b"of all sites\n" * 50) for name in ("b", "y")]

    layers = [packed(own[0], *shared, own[1]), packed(*shared), packed(*own)]

    archives = [[gzip.decompress(member) for member in gzip_members(one.layer.data)] for one in layers]
    assert [len(archive) for archive in archives] == [2, 1, 1]
    assert [one.name for one in members(layers[0])] == ["b/shared.yaml", "y/shared.yaml", "a/own.yaml", "z/own.yaml"]
    for artifact, archive in zip(layers, archives, strict=True):
        assert artifact.content == Digest.of(b"".join(archive))


def gzip_members(data: bytes) -> list[bytes]:
    found = []
    while data:
        member = zlib.decompressobj(31)
        member.decompress(data)
        found.append(data[: len(data) - len(member.unused_data)])
        data = member.unused_data
    return found


@given(
    st.dictionaries(st.sampled_from("abcdefgh"), st.sampled_from((b"a1", b"b2 a1", b"c3" * 99, b"d4")), min_size=1),
    st.permutations(("a1", "b2", "x")),
)
def test_what_was_packed_before_changes_no_byte(files: dict[str, bytes], sites: list[str]) -> None:
    several = [Manifests(site, tuple(Manifest(name, files[name]) for name in sorted(files))) for site in sites]
    used = [pack(one) for one in several]
    for one, artifact in zip(several, used, strict=True):
        layer._beginning.cache_clear()
        assert pack(one) == artifact
        assert isinstance(artifact, Artifact)
        assert content_of(one) == artifact.content


def test_the_manifest_is_what_flux_reads() -> None:
    artifact = packed(*FILES)
    manifest = json.loads(artifact.manifest.data)

    assert manifest["schemaVersion"] == 2
    assert manifest["config"] == {
        "mediaType": "application/vnd.cncf.flux.config.v1+json",
        "digest": "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
        "size": 2,
    }
    assert [layer["mediaType"] for layer in manifest["layers"]] == ["application/vnd.cncf.flux.content.v1.tar+gzip"]
    assert manifest["layers"][0]["digest"] == str(artifact.layer.digest)
    assert manifest["annotations"] == {
        "dev.fleetpress.content": str(artifact.content),
        "dev.fleetpress.site": "berlin-01",
        "org.opencontainers.image.created": "1970-01-01T00:00:00Z",
    }


def test_members_are_regular_files_that_belong_to_nobody() -> None:
    for member in members(packed(*FILES)):
        assert member.isreg()
        assert (member.mode, member.uid, member.gid, member.uname, member.gname, member.mtime) == (
            0o644,
            0,
            0,
            "",
            "",
            0,
        )


def test_a_name_that_fits_ustar_gets_no_pax_header() -> None:
    archive = gzip.decompress(packed(FILES[0]).layer.data)

    assert archive[257:265] == b"ustar\x0000"
    assert b"PaxHeader" not in archive


names = st.from_regex(r"[a-z0-9é_-]{1,60}(/[a-z0-9é_-]{1,60}){0,4}\.yaml", fullmatch=True)


@given(st.dictionaries(names, st.binary(min_size=1, max_size=2000).filter(bytes.strip), min_size=1, max_size=8))
def test_what_is_packed_comes_out_again(files: dict[str, bytes]) -> None:
    artifact = packed(*(Manifest(name, files[name]) for name in sorted(files)))

    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(artifact.layer.data))) as archive:
        unpacked = {member.name: archive.extractfile(member).read() for member in archive}  # type: ignore[union-attr]
    assert unpacked == files


@pytest.mark.parametrize(
    "files", [(), (Manifest("a.yaml", b""),), (Manifest("a.yaml", b" \n"), Manifest("b.yaml", b""))]
)
def test_an_empty_artifact_is_refused_because_flux_would_prune_the_cluster(files: tuple[Manifest, ...]) -> None:
    rejected = pack(Manifests("berlin-01", files))

    assert isinstance(rejected, Rejected)
    assert [problem.code for problem in rejected.problems] == [Code.ARTIFACT_EMPTY]


@pytest.mark.parametrize(
    "name",
    [
        *("/etc/passwd", "../up.yaml", "a/../b.yaml", "x../y.yaml", "a..//b", "a/./b", "a\\b.yaml", "a//b.yaml", "a/"),
        *("a\n.yaml", "x" * 256, ".git/config", "a/.sops.yaml", ".gitignore", "logo.png", "chart.tar.gz"),
    ],
)
def test_a_name_that_flux_refuses_or_drops_is_refused(name: str) -> None:
    rejected = pack(Manifests("berlin-01", (Manifest(name, b"x"),)))

    assert isinstance(rejected, Rejected)
    assert [problem.code for problem in rejected.problems] == [Code.ARTIFACT_NAME]


def test_all_bad_names_are_told_at_once() -> None:
    rejected = pack(Manifests("berlin-01", (Manifest("/a", b"x"), Manifest("b", b"x"), Manifest("c\\d", b"x"))))

    assert isinstance(rejected, Rejected)
    assert len(rejected.problems) == 2


def test_an_artifact_above_the_limit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("renderer.pack.artifact.MAX_ARTIFACT_BYTES", 10)

    rejected = pack(Manifests("berlin-01", (Manifest("a.yaml", b"x" * 11),)))

    assert isinstance(rejected, Rejected)
    assert [problem.code for problem in rejected.problems] == [Code.ARTIFACT_LIMIT]
