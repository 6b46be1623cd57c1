"""Definitions and policies are read as they are, by path; what is no plain .yaml file is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from renderer.errors import ConfigurationError
from renderer.read import load_schemas
from renderer.types import Fleet

if TYPE_CHECKING:
    from pathlib import Path


def fleet(top: Path, **files: str) -> Fleet:
    for name, text in files.items():
        path = top / "schemas" / f"{name.replace('__', '/')}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    root = top / "fleets" / "labs"
    return Fleet("labs", root, top, {}, (), top / "templates", top / "schemas")


def test_definitions_and_policies_are_read_in_the_order_of_their_paths(tmp_path: Path) -> None:
    found = load_schemas(fleet(tmp_path, crds__b="2", crds__a__c="1", policies__z="3", crds__catalogue="no"))

    assert found.crds == (("schemas/crds/a/c.yaml", b"1"), ("schemas/crds/b.yaml", b"2"))
    assert found.policies == (("schemas/policies/z.yaml", b"3"),)


def test_no_folder_holds_nothing(tmp_path: Path) -> None:
    found = load_schemas(fleet(tmp_path))

    assert (found.crds, found.policies) == ((), ())


def test_the_digest_covers_policies_and_is_the_old_one_without_any(tmp_path: Path) -> None:
    plain = load_schemas(fleet(tmp_path / "a", crds__a="1")).digest
    with_policy = load_schemas(fleet(tmp_path / "b", crds__a="1", policies__p="2")).digest
    changed = load_schemas(fleet(tmp_path / "c", crds__a="1", policies__p="3")).digest

    assert len({plain, with_policy, changed}) == 3
    assert load_schemas(fleet(tmp_path / "d", crds__a="1")).digest == plain


@pytest.mark.parametrize("folder", ["crds", "policies"])
def test_a_link_and_a_yml_file_are_told(tmp_path: Path, folder: str) -> None:
    given = fleet(tmp_path, **{f"{folder}__a": "1"})
    (tmp_path / "schemas" / folder / "b.yml").write_text("2")
    (tmp_path / "schemas" / folder / "c.yaml").symlink_to("a.yaml")

    with pytest.raises(ConfigurationError) as caught:
        load_schemas(given)

    assert [str(one.where) for one in caught.value.problems] == [
        f"schemas/{folder}/b.yml:1",
        f"schemas/{folder}/c.yaml:1",
    ]
