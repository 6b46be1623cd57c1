"""What a cluster does with bases and parts: nothing that is to stay is ever removed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from renderer.fleet.destination import Destination
from renderer.fleet.workspace import Workspace
from renderer.publish import TargetOptions, open_targets, published
from renderer.types import Reference
from tests.cli.test_shared_base import (
    FLEET,
    MOVED,
    SITES,
    STAYING,
    sharing,
    site_file,
    template,
    what_a_cluster_gets,
)
from tests.fakes.cluster import FakeCluster

if TYPE_CHECKING:
    from tests.cli.conftest import Shop

__all__ = ["sharing"]
SITE, BASE = "paris-01", "paris-01-base"


def whole_of(shop: Shop, name: str) -> dict[str, bytes]:
    """The files of a site's only artifact."""
    space = Workspace(shop.root)
    destination = Destination.parse(space.fleet, shop.target)
    place = destination.repository(name, SITES[name][0])
    assert isinstance(place, Reference)
    found = published(open_targets(destination.targets, options=TargetOptions(read_only=True)), place)
    assert found is not None
    return dict(found.files)


def follow(cluster: FakeCluster, shop: Shop, *, first: str = BASE) -> None:
    """Let a cluster find what is published for the site, the base or the part first."""
    part, base = what_a_cluster_gets(shop, SITE)
    steps = [(BASE, base), (SITE, part)]
    for name, files in steps if first == BASE else steps[::-1]:
        cluster.reconcile(name, files)


def test_a_cluster_comes_to_shared_bases_and_back_without_losing_an_object(sharing: Shop) -> None:
    cluster = FakeCluster()
    sharing.edit("fleet.yaml", FLEET.partition("publishing:")[0])
    sharing.publish()
    cluster.reconcile(SITE, whole_of(sharing, SITE))
    objects = set(cluster.owners)
    sharing.edit("fleet.yaml", FLEET)
    sharing.publish()

    follow(cluster, sharing)

    assert (cluster.removed, set(cluster.owners)) == ([], objects)
    sharing.edit("fleet.yaml", FLEET.partition("publishing:")[0])
    sharing.publish()

    cluster.reconcile(SITE, whole_of(sharing, SITE))
    cluster.delete(BASE, suspended=True)

    assert (cluster.removed, set(cluster.owners)) == ([], objects)


def test_the_base_must_be_suspended_on_the_way_back() -> None:
    """Why the how-to says so: a base that goes on takes its objects back, and takes them along when it is deleted."""
    base, part = {"base.yaml": object_named("a")}, {"part.yaml": object_named("b")}
    cluster = FakeCluster()
    cluster.reconcile(BASE, base)
    cluster.reconcile(SITE, {**base, **part})
    cluster.reconcile(BASE, base)

    cluster.delete(BASE, suspended=False)

    assert cluster.removed == ["ConfigMap/default/a"]


@pytest.mark.parametrize("first", [BASE, SITE])
def test_a_site_that_comes_to_another_cohort_loses_nothing(sharing: Shop, first: str) -> None:
    cluster = FakeCluster()
    sharing.edit("layers/rings/canary.yaml", "values: {mtu: 9000}\n")
    sharing.publish()
    follow(cluster, sharing)
    objects = set(cluster.owners)
    sharing.edit(f"sites/{SITE}.yaml", site_file(SITE, ring="canary"))
    assert sharing.publish().outcomes() == {SITE: "published"}

    follow(cluster, sharing, first=first)

    assert (cluster.removed, set(cluster.owners)) == ([], objects)


@pytest.mark.parametrize("first", [BASE, SITE])
def test_what_publish_lets_out_removes_nothing_that_is_to_stay(sharing: Shop, first: str) -> None:
    cluster = FakeCluster()
    template(sharing, "1.0.0", staying=STAYING)
    sharing.commit()
    sharing.publish()
    follow(cluster, sharing)
    template(sharing, "1.1.0", platform=MOVED.replace("name: platform", "name: other"), staying=STAYING)
    sharing.edit("layers/global.yaml", 'templates: {edge: "1.1.0"}\n')
    assert sharing.publish().code == 0

    follow(cluster, sharing, first=first)

    assert cluster.removed == ["ConfigMap/default/platform"], "it is gone from the templates, too"


@pytest.mark.parametrize("to_part", [True, False], ids=["to the part", "to the base"])
@pytest.mark.parametrize("first", [BASE, SITE])
def test_an_object_that_is_let_move_is_removed_in_one_order_at_least(
    sharing: Shop,
    to_part: bool,  # noqa: FBT001
    first: str,
) -> None:
    """What FP614 is there for: without it, this would happen at every site of the cohort."""
    as_base, as_part = MOVED.replace("site: {{ site }}", "region: {{ region }}"), MOVED
    before, after = (as_base, as_part) if to_part else (as_part, as_base)
    cluster = FakeCluster()
    template(sharing, "1.0.0", staying=STAYING, platform=before)
    sharing.commit()
    sharing.publish()
    follow(cluster, sharing)
    template(sharing, "1.1.0", staying=STAYING, platform=after)
    sharing.edit("layers/global.yaml", 'templates: {edge: "1.1.0"}\n')

    assert sharing.publish().codes() == {"FP614"}
    assert sharing.publish("--waive-moves", "A test.").code == 0
    follow(cluster, sharing, first=first)

    loser_first = (first == BASE) is to_part
    assert cluster.removed == (["ConfigMap/default/platform"] if loser_first else [])


def object_named(name: str) -> bytes:
    return f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}, namespace: default}}\n".encode()
