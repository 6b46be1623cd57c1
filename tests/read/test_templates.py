"""read.templates and read.schemas: trees of files with one digest."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from renderer.errors import Code, ConfigurationError, TemplateError
from renderer.read import list_versions, load_fleet, load_schemas, load_template
from renderer.read.templates import digest_files
from renderer.types import Fleet, Problem, TemplateFile, TemplatePin, TemplateTree
from tests.build import accept, build_fleet

if TYPE_CHECKING:
    from pathlib import Path

BASE = TemplatePin("base", "1.0.0")


def fleet_with(repository: Path, **files: str) -> Fleet:
    return load_fleet(
        build_fleet(repository, {f"templates/base/1.0.0/{path}": text for path, text in files.items()}), check=accept
    )


def refused(fleet: Fleet, pin: TemplatePin = BASE) -> tuple[Problem, ...]:
    with pytest.raises(TemplateError) as caught:
        load_template(fleet, pin)
    assert all(problem.hint for problem in caught.value.problems)
    return caught.value.problems


def test_a_template_is_its_files_sorted_by_path(tmp_path: Path) -> None:
    fleet = fleet_with(
        tmp_path, **{"copier.yml": "c", "template/b.jinja": "b", "template/a/z": "z", ".editor~": "kept"}
    )
    tree = load_template(fleet, BASE)
    assert tree.pin == BASE
    assert tree.file == "templates/base/1.0.0"
    assert tree.files == (
        TemplateFile(".editor~", 0o644, b"kept"),
        TemplateFile("copier.yml", 0o644, b"c"),
        TemplateFile("template/a/z", 0o644, b"z"),
        TemplateFile("template/b.jinja", 0o644, b"b"),
    )


def test_modes_are_those_that_git_knows_and_times_do_not_count(tmp_path: Path) -> None:
    fleet = fleet_with(tmp_path, a="a", b="b")
    before = load_template(fleet, BASE)
    folder = tmp_path / "templates/base/1.0.0"
    (folder / "a").chmod(0o600)
    os.utime(folder / "b", (0, 0))
    assert load_template(fleet, BASE) == before
    (folder / "b").chmod(0o700)
    after = load_template(fleet, BASE)
    assert [file.mode for file in after.files] == [0o644, 0o755]
    assert after.digest != before.digest


def test_the_digest_cannot_be_confused_by_where_a_part_ends() -> None:
    pairs = [
        ([("ab", 0o644, b"c")], [("a", 0o644, b"bc")]),
        ([("a", 0o644, b"b"), ("c", 0o644, b"d")], [("a", 0o644, b"bc"), ("", 0o644, b"d")]),
        ([], [("", 0o644, b"")]),
    ]
    for one, other in pairs:
        assert digest_files(one) != digest_files(other)


def test_links_pipes_and_odd_names_are_refused_all_at_once(tmp_path: Path) -> None:
    fleet = fleet_with(tmp_path, a="a")
    folder = tmp_path / "templates/base/1.0.0"
    (folder / "link").symlink_to("/etc/passwd")
    (folder / "folder-link").symlink_to("/etc")
    os.mkfifo(folder / "pipe")
    (folder / "back\\slash").write_text("")
    (folder / "new\nline").write_text("")
    problems = refused(fleet)
    assert len(problems) == 5
    assert {problem.code for problem in problems} == {Code.TEMPLATE_REFUSED}
    assert all(str(problem.where).isprintable() for problem in problems)


def test_a_missing_version_names_those_that_exist(tmp_path: Path) -> None:
    fleet = fleet_with(tmp_path, a="a")
    (problem,) = refused(fleet, TemplatePin("base", "1.0.1"))
    assert problem.code is Code.TEMPLATE_MISSING
    assert problem.what == "the template base has no version 1.0.1, expected 1.0.0"
    assert problem.hint == "did you mean base@1.0.0?"
    (problem,) = refused(fleet, TemplatePin("bass", "1.0.0"))
    assert problem.hint == "did you mean base?"


@pytest.mark.parametrize(
    "pin", [("..", "x"), ("base", ".."), ("base/1.0.0", "x"), ("", ""), ("base", "1.0.0/../1.0.0")]
)
def test_a_pin_cannot_lead_out_of_the_templates(tmp_path: Path, pin: tuple[str, str]) -> None:
    assert refused(fleet_with(tmp_path, a="a"), TemplatePin(*pin))[0].code is Code.TEMPLATE_MISSING


def test_a_version_behind_a_link_does_not_exist(tmp_path: Path) -> None:
    fleet = fleet_with(tmp_path, a="a")
    (tmp_path / "templates/base/latest").symlink_to("1.0.0")
    assert list_versions(fleet) == {"base": ("1.0.0",)}
    assert refused(fleet, TemplatePin("base", "latest"))[0].code is Code.TEMPLATE_MISSING


def test_versions_are_ordered_as_versions(tmp_path: Path) -> None:
    order = ("1.2.0", "1.9.0-rc.1", "1.9.0", "1.10.0", "next")
    files = {f"templates/base/{version}/copier.yml": "" for version in reversed(order)}
    fleet = load_fleet(
        build_fleet(tmp_path, {**files, "templates/add/1/copier.yml": "", "templates/README.md": ""}), check=accept
    )
    assert list_versions(fleet) == {"add": ("1",), "base": order}
    assert list(list_versions(fleet)) == ["add", "base"]


def test_the_tree_does_not_depend_on_the_order_of_the_disk(tmp_path: Path) -> None:
    trees: list[TemplateTree] = []
    for run, names in enumerate(["abc", "cab"]):
        trees.append(load_template(fleet_with(tmp_path / str(run), **{f"d/{name}": name for name in names}), BASE))
    assert trees[0] == trees[1]


def test_schemas_are_the_crds_without_the_catalogue(tmp_path: Path) -> None:
    files = {
        "schemas/crds/b/x.yaml": "x",
        "schemas/crds/a.yaml": "a",
        "schemas/crds/catalogue.yaml": "c",
        "schemas/other.yaml": "",
    }
    schemas = load_schemas(load_fleet(build_fleet(tmp_path, {**files, "schemas/crds/README.md": ""}), check=accept))
    assert schemas.crds == (("schemas/crds/a.yaml", b"a"), ("schemas/crds/b/x.yaml", b"x"))


def test_without_the_folder_there_are_no_schemas(tmp_path: Path) -> None:
    assert load_schemas(load_fleet(build_fleet(tmp_path, {}), check=accept)).crds == ()


def test_schemas_that_would_be_overlooked_are_refused(tmp_path: Path) -> None:
    fleet = load_fleet(build_fleet(tmp_path, {"schemas/crds/a.yml": "", "schemas/crds/b.yaml": ""}), check=accept)
    (tmp_path / "schemas/crds/c.yaml").symlink_to("b.yaml")
    with pytest.raises(ConfigurationError) as caught:
        load_schemas(fleet)
    assert len(caught.value.problems) == 2
