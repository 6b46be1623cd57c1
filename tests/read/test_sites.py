"""read.sites: the index of site files."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from renderer import read
from renderer.errors import Code
from renderer.read import SiteFile, list_sites, load_fleet
from renderer.types import Digest, Origin
from tests.build import accept, build_fleet


def test_sites_are_listed_by_name_whatever_their_folder(tmp_path: Path) -> None:
    files = {
        "sites/us/b.yaml": "b",
        "sites/a.yaml": "a",
        "sites/eu/de/c-1.yaml": "c",
        "sites/README.md": "",
        "sites/.x.yaml": "",
    }
    root = build_fleet(tmp_path, {**files, "sites/.hidden/d.yaml": ""})
    index = list_sites(load_fleet(root, check=accept))
    assert list(index.sites) == ["a", "b", "c-1"]
    assert index.sites["b"] == SiteFile("b", "fleets/labs/sites/us/b.yaml", Digest(hashlib.sha256(b"b").hexdigest()))
    assert index.problems == ()


def test_a_fleet_without_sites_has_none(tmp_path: Path) -> None:
    assert not list_sites(load_fleet(build_fleet(tmp_path, {}), check=accept)).sites


@pytest.mark.parametrize("name", ["A", "a_b", "-a", "a-", "a.b", "ü", "x" * 54, "a b"])
def test_a_name_that_is_no_dns_label_is_a_problem(tmp_path: Path, name: str) -> None:
    root = build_fleet(tmp_path, {f"sites/{name}.yaml": "", f"sites/{'x' * 53}.yaml": ""})
    index = list_sites(load_fleet(root, check=accept))
    (problem,) = index.problems
    assert list(index.sites) == ["x" * 53]
    assert (problem.code, problem.where) == (Code.SITE_NAME, Origin(f"fleets/labs/sites/{name}.yaml"))


def test_yml_files_are_to_be_renamed(tmp_path: Path) -> None:
    index = list_sites(load_fleet(build_fleet(tmp_path, {"sites/eu/a.yml": ""}), check=accept))
    assert [(p.code, p.hint) for p in index.problems] == [(Code.SITE_NAME, "rename to a.yaml")]


def test_two_files_of_one_name_are_both_refused(tmp_path: Path) -> None:
    root = build_fleet(tmp_path, {"sites/eu/a.yaml": "", "sites/us/a.yaml": "", "sites/b.yaml": ""})
    index = list_sites(load_fleet(root, check=accept))
    assert list(index.sites) == ["b"]
    assert [(p.code, p.where, p.site) for p in index.problems] == [
        (Code.SITE_DUPLICATE, Origin("fleets/labs/sites/eu/a.yaml"), "a"),
        (Code.SITE_DUPLICATE, Origin("fleets/labs/sites/us/a.yaml"), "a"),
    ]


def test_links_and_odd_names_are_refused_without_being_followed(tmp_path: Path) -> None:
    root = build_fleet(tmp_path, {"sites/a.yaml": ""})
    (root / "sites" / "b.yaml").symlink_to("a.yaml")
    (root / "sites" / "loop").symlink_to(".")
    Path(os.fsdecode(os.fsencode(root / "sites") + b"/\xff\n.yaml")).write_text("")
    index = list_sites(load_fleet(root, check=accept))
    assert list(index.sites) == ["a"]
    assert [p.code for p in index.problems].count(Code.FILE_UNREADABLE) == 2
    assert all(str(p.where).isprintable() and p.what.isprintable() for p in index.problems)


def test_listing_parses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fleet = load_fleet(build_fleet(tmp_path, {"sites/a.yaml": "[[["}), check=accept)
    monkeypatch.setattr("renderer.read.files.load", None)
    assert list(list_sites(fleet).sites) == ["a"]


def test_a_digest_of_a_missing_file_is_none(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x" * 300_000)
    assert read.digest_of(tmp_path / "a") == Digest.of(b"x" * 300_000)
    assert read.digest_of(tmp_path / "b") is None
    assert read.digest_of(tmp_path) is None
