"""`template release` and `template versions`: from the working version to one that stays, and what others see of it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import jsonschema
import pytest
import yaml

from tests.cli.platform_repository import Platform

if TYPE_CHECKING:
    from tests.cli.conftest import Done, Shop

OUTPUT = Path(__file__).parents[2] / "schemas/output"
CHANGELOG = "# Changelog\n\n## Unreleased\n\n- Add a colour.\n\n## 1.0.0\n\n- First.\n"


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLEETPRESS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("FLEETPRESS_LOCAL_GIT", "1")


@pytest.fixture
def working(shop: Shop) -> Path:
    """The folder of `next`, ready to be released."""
    folder = shop.folder / "templates/app/next"
    shutil.copytree(shop.folder / "templates/app/1.0.0", folder)
    shop.edit("templates/app/next/CHANGELOG.md", CHANGELOG)
    shop.edit("templates/app/next/tests/one/answers.yaml", "{}\n")
    (folder / "template/run.sh").write_text("#!/bin/sh\n")
    (folder / "template/run.sh").chmod(0o755)
    shop.commit()
    return folder


def codes(done: Done) -> set[str]:
    return {word for word in done.err.split() if word.startswith("FP")}


def snapshot(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_release_freezes_next_and_moves_its_changelog_entry(shop: Shop, working: Path) -> None:
    done = shop("template", "release", "app", "1.1.0", "-o", "json")

    released = working.parent / "1.1.0"
    assert done.code == 0
    assert done.json["notes"] == "- Add a colour."
    assert (released / "CHANGELOG.md").read_text() == CHANGELOG.replace("Unreleased", "1.1.0")
    assert (working / "CHANGELOG.md").read_text() == CHANGELOG.replace("Unreleased", "Unreleased\n\n## 1.1.0")
    assert {**snapshot(released), "CHANGELOG.md": b""} == {**snapshot(working), "CHANGELOG.md": b""}
    assert (released / "template/run.sh").stat().st_mode & 0o777 == 0o755
    assert (released.stat().st_mode & 0o777) == 0o755
    schema = json.loads((OUTPUT / "template-release.schema.json").read_text())
    jsonschema.Draft7Validator(schema).validate(done.json)


def test_a_release_goes_into_the_lock_with_what_it_holds(shop: Shop, working: Path) -> None:
    shop("template", "lock")

    done = shop("template", "release", "app", "1.1.0", "-o", "json")

    entries = yaml.safe_load((shop.root / "templates.lock").read_text())["templates"]["app"]
    assert entries["1.1.0"] == {"source": "directory", "digest": done.json["digest"]}
    assert shop("template", "lock", "--check").code == 0
    assert sorted(path.name for path in working.parent.iterdir()) == ["1.0.0", "1.1.0", "next"]


def test_a_fleet_without_a_lock_gets_none_by_a_release(shop: Shop, working: Path) -> None:
    del working
    assert shop("template", "release", "app", "1.1.0").code == 0
    assert not (shop.root / "templates.lock").exists()


def test_an_entry_that_already_has_the_version_is_taken_as_it_is(shop: Shop, working: Path) -> None:
    text = CHANGELOG.replace("## Unreleased", "## Unreleased\n\n## [1.1.0] - 2026-11-20")
    shop.edit("templates/app/next/CHANGELOG.md", text)

    assert shop("template", "release", "app", "1.1.0").code == 0

    assert (working / "CHANGELOG.md").read_text() == text
    released = (working.parent / "1.1.0/CHANGELOG.md").read_text()
    assert released == CHANGELOG.replace("Unreleased", "[1.1.0] - 2026-11-20")


def test_line_ends_stay_as_they_are(shop: Shop, working: Path) -> None:
    (working / "CHANGELOG.md").write_bytes(CHANGELOG.replace("\n", "\r\n").encode())

    assert shop("template", "release", "app", "1.1.0").code == 0

    assert b"\n" not in (working.parent / "1.1.0/CHANGELOG.md").read_bytes().replace(b"\r\n", b"")
    assert b"\n" not in (working / "CHANGELOG.md").read_bytes().replace(b"\r\n", b"")


@pytest.mark.parametrize(
    "version", ["1.0.0", "1.0", "0.9.0", "1.0.0-rc.1", "next", "latest", "../x", "1.0.0/x", "^1.1"]
)
def test_a_version_that_exists_or_is_not_higher_or_none_is_refused(shop: Shop, working: Path, version: str) -> None:
    before = snapshot(working.parent)

    done = shop("template", "release", "app", version)

    assert (done.code, codes(done)) == (2, {"FP318"})
    assert snapshot(working.parent) == before


@pytest.mark.parametrize(
    "text", ["", "# Changelog\n", "## Unreleased\n\n## 1.0.0\n\n- x\n", "## 1.1.0\n\n", "## 1.1\n- x\n"]
)
def test_a_changelog_without_an_entry_is_refused(shop: Shop, working: Path, text: str) -> None:
    shop.edit("templates/app/next/CHANGELOG.md", text)
    before = snapshot(working.parent)

    done = shop("template", "release", "app", "1.1.0")

    assert (done.code, codes(done)) == (2, {"FP318"})
    assert snapshot(working.parent) == before


def test_everything_that_forbids_a_release_is_told_at_once(shop: Shop, working: Path) -> None:
    (working / "CHANGELOG.md").unlink()
    shop.edit("templates/app/next/template/bad.yaml.jinja", "{% if %}\n")

    done = shop("template", "release", "app", "1.0.0")

    assert codes(done) == {"FP304", "FP318"}
    assert done.err.count("FP318") == 2


def test_a_template_without_next_is_told(shop: Shop) -> None:
    assert codes(shop("template", "release", "app", "1.1.0")) == {"FP301"}
    assert codes(shop("template", "release", "nothing", "1.1.0")) == {"FP301"}


def test_nothing_stays_when_the_lock_cannot_be_written(
    shop: Shop, working: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from renderer import scaffold
    from renderer.errors import EnvironmentFailure

    shop("template", "lock")
    before = snapshot(shop.folder)

    def full(*_: object) -> None:
        raise EnvironmentFailure("no space")

    monkeypatch.setattr(scaffold, "rewrite", full)

    assert shop("template", "release", "app", "1.1.0").code == 4
    assert snapshot(working.parent) == {
        path.removeprefix("templates/app/"): data for path, data in before.items() if path.startswith("templates/app/")
    }


def test_versions_come_from_the_folder_and_the_sources(shop: Shop, tmp_path: Path) -> None:
    platform = Platform(tmp_path / "platform")
    platform.release("1.1.0")
    platform.release("2.0.0-rc.1")
    fleet = (shop.root / "fleet.yaml").read_text()
    source = f"{{git: {platform.folder}, tag: 'app-{{version}}', branch: main, path: templates/app}}"
    shop.edit("fleet.yaml", f"{fleet}templates: {{sources: {{app: {source}}}}}\n")
    shop("template", "lock")

    done = shop("template", "versions", "-o", "json")

    told = [(row["version"], row["source"], row["locked"]) for row in done.json["versions"]]
    assert told == [
        ("1.0.0", "directory", True),
        ("1.1.0", "git", False),
        ("2.0.0-rc.1", "git", False),
        ("next", "git", False),
    ]
    jsonschema.Draft7Validator(json.loads((OUTPUT / "template-versions.schema.json").read_text())).validate(done.json)
    assert shop("template", "versions", "app").out.splitlines()[1].split()[:4] == ["app", "1.0.0", "directory", "yes"]


def test_renovate_gets_releases_without_next(shop: Shop, working: Path, tmp_path: Path) -> None:
    del working
    file = tmp_path / "app.json"

    done = shop("template", "versions", "app", "--renovate", "--homepage", "https://x.example/app", "--file", file)

    assert (done.code, done.out) == (0, "")
    assert json.loads(file.read_text()) == {
        "releases": [{"version": "1.0.0", "isStable": True}],
        "homepage": "https://x.example/app",
    }


def test_renovate_needs_a_name_and_a_name_needs_a_template(shop: Shop) -> None:
    assert shop("template", "versions", "--renovate").code == 2
    done = shop("template", "versions", "ap")
    assert (done.code, codes(done)) == (2, {"FP301"})
    assert "did you mean app?" in done.err


def test_what_new_template_makes_can_be_released(shop: Shop) -> None:
    assert shop("new", "template", "fresh", "--defaults").code == 0

    done = shop("template", "release", "fresh", "1.0.0")

    assert done.code == 0, done.err
    assert "## 1.0.0\n\n- First version." in (shop.folder / "templates/fresh/1.0.0/CHANGELOG.md").read_text()
