"""The generated fleet is a function of its parameters, and what fleetpress takes a fleet to be."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

import pytest

from benchmarks.generate import generate
from benchmarks.probe import share
from benchmarks.synthetic import BYTE_SHARE, FILE_SHARE, Shape, template_files
from renderer.fleet.press import Order, Render, Rendered
from renderer.fleet.workspace import Workspace
from renderer.types import Rejected

if TYPE_CHECKING:
    from pathlib import Path


def digests(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): sha256(path.read_bytes()).hexdigest() for path in files}


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    generate(tmp_path / "first", sites=30, seed=7, poison=0.1)
    generate(tmp_path / "second", sites=30, seed=7, poison=0.1)

    assert digests(tmp_path / "first") == digests(tmp_path / "second")


def test_another_seed_gives_other_sites_of_the_same_template(tmp_path: Path) -> None:
    first = generate(tmp_path / "first", sites=30, seed=1)
    second = generate(tmp_path / "second", sites=30, seed=2)

    assert first.sites != second.sites
    assert digests(tmp_path / "first" / "templates") == digests(tmp_path / "second" / "templates")


def test_a_larger_fleet_has_all_sites_of_a_smaller_one(tmp_path: Path) -> None:
    small = digests(generate(tmp_path / "small", sites=20).root)
    large = digests(generate(tmp_path / "large", sites=40).root)

    assert small.items() <= large.items()


def test_every_site_is_good_and_none_is_lost(tmp_path: Path) -> None:
    made = generate(tmp_path / "fleet", sites=25)

    space = Workspace(made.root)
    task = Render(made.root)
    task.prepare()
    outcomes = [task(Order(file)) for file in space.index.sites.values()]

    assert not space.index.problems
    assert tuple(space.index.sites) == made.sites
    assert [one for one in outcomes if not isinstance(one, Rendered) or one.warnings] == []


def test_poisoned_sites_are_refused_and_no_others(tmp_path: Path) -> None:
    made = generate(tmp_path / "fleet", sites=40, poison=0.5)

    task = Render(made.root)
    task.prepare()
    outcomes = [task(Order(file)) for file in Workspace(made.root).index.sites.values()]
    codes = {one.site: {problem.code for problem in one.problems} for one in outcomes if isinstance(one, Rejected)}

    assert len(made.poisoned) == 20
    assert codes == {site: {code} for site, code in made.poisoned.items()}
    assert len(set(made.poisoned.values())) == 5


def test_the_default_shares_are_those_of_the_published_figures(tmp_path: Path) -> None:
    made = generate(tmp_path / "fleet", sites=200)

    found = share(made.root, 200)

    assert found["site_files"] == pytest.approx(FILE_SHARE, abs=0.03)
    assert found["site_bytes"] == pytest.approx(BYTE_SHARE, abs=0.03)
    assert found["files_per_site"] == pytest.approx(27, abs=1)
    assert found["documents_per_site"] == pytest.approx(100, abs=5)
    assert found["bytes_per_site"] == pytest.approx(65_000, rel=0.05)


def test_the_shares_can_be_chosen(tmp_path: Path) -> None:
    made = generate(tmp_path / "fleet", sites=150, file_share=0.6, site_share=0.5)

    found = share(made.root, 150)

    assert found["site_files"] == pytest.approx(0.6, abs=0.06)
    assert found["site_bytes"] == pytest.approx(0.5, abs=0.06)


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_a_template_may_have_only_one_kind_of_files(share: float) -> None:
    files = template_files(Shape(site_files=share, site_bytes=share))

    assert len([path for path in files if path.startswith("template/")]) == 27


def test_a_folder_that_is_not_empty_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("x")

    with pytest.raises(FileExistsError):
        generate(tmp_path, sites=1)
