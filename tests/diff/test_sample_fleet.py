"""The sample fleet: what a bump, a region's value, a site's change, a new and a lost site are told as, and that
ungrouping gives exactly what comparing each site alone gives."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from renderer import diff, validate
from renderer.engine import Workers
from renderer.fleet import comparisons
from renderer.fleet.baselines import SupposingRender
from renderer.fleet.supposing import suppose
from renderer.fleet.workspace import Workspace
from renderer.types import FleetDifference, ObjectChange, Rejected, SiteState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from renderer.fleet.supposing import Supposition

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample fleet, committed."""
    folder = tmp_path_factory.mktemp("sample")
    for name in ("fleets", "templates", "schemas"):
        shutil.copytree(REPOSITORY / name, folder / name)
    who = ("-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false")
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "sample"]):
        subprocess.run(["git", *who, *command], cwd=folder, check=True, capture_output=True)
    return folder


def compared(space: Workspace, against: str, supposition: Supposition | None = None) -> FleetDifference:
    names = list(space.index.sites)
    with comparisons.against_folder(space, against, names, whole=True) as comparison:
        return comparisons.compare(space, comparison, comparisons.Asked(Workers(1), supposition))


def files(root: Path, names: Sequence[str], supposition: Supposition | None) -> dict[str, dict[str, bytes]]:
    """What sites render to, each by itself."""
    task = SupposingRender(root, supposition)
    task.prepare()
    made: dict[str, dict[str, bytes]] = {}
    for name in names:
        site = task.space.site(task.space.index.sites[name])
        assert not isinstance(site, Rejected)
        rendered = task.unchecked(site)
        assert not isinstance(rendered, Rejected)
        made[name] = {one.path: one.content for one in rendered.manifests.files}
    return made


def alone(space: Workspace, supposition: Supposition) -> dict[str, tuple[ObjectChange, ...]]:
    """Every site that differs, compared without any other."""
    names = list(space.index.sites)
    before, after = files(space.root, names, None), files(space.root, names, supposition)
    rules = diff.Rules(validate.Shapes(space.schemas))
    found = {
        name: diff.diff_objects(diff.read_objects(before[name]), diff.read_objects(after[name]), rules)
        for name in names
    }
    return {name: changes for name, changes in sorted(found.items()) if changes}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("versions", "settings"),
    [
        (["edge-platform=1.5.0"], []),
        (["lab-app=2.1.0"], []),
        ([], ["region=eu:vault.address=https://vault-2.eu.labs.example"]),
        ([], ["berlin-spreelab-01:cilium.mtu=9000", "cilium.encryption=wireguard"]),
    ],
    ids=["bump", "another bump", "a region's value", "one site's value and everybody's"],
)
def test_ungrouping_gives_each_site_s_own_difference(
    repository: Path, versions: list[str], settings: list[str]
) -> None:
    space = Workspace(repository / "fleets/labs")
    supposition = suppose(space, versions, settings)
    assert supposition is not None

    found = compared(space, comparisons.TREE, supposition)

    assert found.failed == 0
    assert diff.ungrouped(found.groups) == alone(space, supposition)
    assert len(found.groups) < found.changed


@pytest.mark.slow
def test_a_change_of_a_region_a_changed_a_new_and_a_lost_site_against_a_commit(repository: Path) -> None:
    root = repository / "fleets/labs"
    site = next(root.glob("sites/**/berlin-spreelab-01.yaml"))
    site.write_text(site.read_text().replace("\nvalues:\n", "\nvalues:\n  cilium: {mtu: 9000}\n", 1))
    lost = next(root.glob("sites/**/oslo-*.yaml"), None) or next(root.glob("sites/**/tromso-polarlab-01.yaml"))
    new = lost.with_name("bergen-newlab-09.yaml")
    lost.rename(new)

    found = compared(Workspace(root), "git:HEAD")

    states = {group.state: [site.site for site in group.sites] for group in found.groups}
    assert states == {
        SiteState.CHANGED: ["berlin-spreelab-01"],
        SiteState.NEW: ["bergen-newlab-09"],
        SiteState.GONE: [lost.stem],
    }
    (changed,) = (group for group in found.groups if group.state is SiteState.CHANGED)
    assert [field.dotted for change in changed.change.changes for field in change.fields] == ["spec.values.MTU"]
    assert found.compared == 77
