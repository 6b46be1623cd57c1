"""Bases and parts of random fleets: together they are what a site gets otherwise, and a cohort has one base."""

from __future__ import annotations

import json
from collections import defaultdict
from copy import deepcopy
from random import Random
from typing import TYPE_CHECKING, Any
from zlib import crc32

import pytest

from renderer.engine import Cluster, Dask, Processes, Serial
from renderer.fleet.parting import Parted, PressParts
from renderer.fleet.press import Order, Render, Rendered
from renderer.fleet.sharing import SharedFiles, leaves
from renderer.fleet.workspace import Workspace
from renderer.pack import base_named, own_files
from renderer.publish import unpack
from renderer.read import merge_patch
from renderer.types import Publishing
from tests.build import FLEET, build_fleet
from tests.render.shapes import CONFIG, NAMES, PARTS, PATHS, SHAPES, contexts, files_of, random_context, random_value
from tests.render.support import make_template

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from renderer.engine import Engine
    from renderer.render import Template

ALL = (*SHAPES, *PATHS, "questions")
OWN = (("a",), ("b",), ("c",), ("d",), ("a", "k"), ("b", "m"), ("a", "k", "m"), ("c", "items"))


def patch_of(random: Random, own: list[tuple[str, ...]]) -> dict[str, Any]:
    """What a site's own file may set: something, or its removal, at some of the paths."""
    patch: dict[str, Any] = {}
    for path in own:
        if random.random() < 0.3:
            continue
        value: Any = random_value(random)
        for key in reversed(path):
            value = {key: value}
        patch = merge_patch(patch, value) if random.random() < 0.5 else {**patch, **value}  # type: ignore[assignment]
    return patch


def made(
    template: Template, site: str, given: Mapping[str, Any], shared: SharedFiles
) -> list[tuple[str, bytes]] | None:
    """The shared files of a site, None for one that cannot be rendered."""
    rendered = template.render(site, given)
    return None if rendered.problems else [(f.path, f.content) for f in rendered.files if f.source in shared.files]


@pytest.mark.parametrize("shape", ALL)
def test_a_shared_file_is_the_same_whatever_is_a_sites_own(shape: str) -> None:
    random = Random(crc32(shape.encode()))
    template = make_template(files_of(shape), "memo")

    for layered in contexts(random, 60):
        own = random.sample(OWN, random.randrange(4))
        shared = SharedFiles.of([template], Publishing(shared=True, own=tuple(sorted(own))))
        layers = {key: layered[key] for key in layered if key != "site"}
        sites = []
        for name in ("s-1", "s-2"):
            patch = patch_of(random, own)
            if any(shared.changed(path, own, layers) for path in leaves(patch)):
                continue  # refused: it would make a map of what is none
            values = merge_patch(deepcopy(layers), patch)
            assert isinstance(values, dict)
            sites.append(made(template, name, {**values, "site": name}, shared))
        if len(sites) == 2 and None not in sites:
            assert sites[0] == sites[1], (layered, own)


def test_that_is_no_empty_promise() -> None:
    """Nearly every shape is shared where nothing that it reads is a site's own, and none where all of it is."""

    def shared(own: tuple[tuple[str, ...], ...]) -> set[str]:
        settings = Publishing(shared=True, own=own)
        return {shape for shape in ALL if SharedFiles.of([make_template(files_of(shape), "memo")], settings).files}

    assert len(shared(())) > len(ALL) * 0.75
    assert len(shared((("a",), ("b",), ("c",), ("d",)))) < 10


FIXED = {
    "copier.yml": "_subdirectory: t\nsite: {type: str}\n",
    "t/site.yaml.jinja": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: site}\ndata: {site: '{{ site }}'}\n",
    "t/fixed.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: fixed}\ndata: {a: b}\n",
}
SHARING = "publishing: {mode: shared-base, own: [c, d.k]}\n"


def write_fleets(folder: Path, random: Random, templates: int, each: int) -> tuple[Path, Path]:
    """The same fleet twice: as it is without sharing, and with."""
    files: dict[str, str | bytes] = {f"templates/fixed/1.0.0/{path}": text for path, text in FIXED.items()}
    # What begins with a parent has nothing of its own besides its blocks.
    joinable = sorted(shape for shape, text in SHAPES.items() if "extends" not in text)
    for region in ("eu", "us"):
        layered = {name: value for name, value in random_context(random).items() if name in NAMES}
        # Most shapes want a map or a list: where each site fails, nothing is shown.
        layered = {**{name: {"k": {"m": 1}, "items": [1]} for name in NAMES}, **({} if region == "eu" else layered)}
        files[f"layers/regions/{region}.yaml"] = json.dumps({"values": layered}).replace("-0.0", "0.0")
    for index in range(templates):
        texts = {"copier.yml": CONFIG, **PARTS}
        for number in range(random.randrange(1, 4)):
            chosen = random.sample(joinable, random.randrange(1, 3))
            texts[f"t/out-{index}-{number}.txt.jinja"] = "\n".join(SHAPES[shape] for shape in chosen)
        files.update({f"templates/t{index}/1.0.0/{path}": text for path, text in texts.items()})
        for number in range(each):
            own = {"c": random_value(random), "d": {"k": random_value(random)}}
            site = {
                "labels": {"region": random.choice(["eu", "us"]), "kubernetes": "1.35"},
                "templates": {"fixed": "1.0.0", f"t{index}": "1.0.0"},
                "values": {name: own[name] for name in own if random.random() < 0.7},
            }
            files[f"sites/s-{index:03}-{number}.yaml"] = json.dumps(site).replace("-0.0", "0.0")
    fleet = FLEET.replace('["1.34", "1.35"]', '["1.35"]')
    return build_fleet(folder / "plain", {**files, "fleet.yaml": fleet}), build_fleet(
        folder / "sharing", {**files, "fleet.yaml": fleet + SHARING}
    )


def parted(root: Path, engine: Engine) -> tuple[list[Any], dict[tuple[str, str], dict[str, bytes]]]:
    """The outcomes, and what the bases hold, by key and content."""
    orders = [Order(file) for file in Workspace(root).index.sites.values()]
    outcomes = list(engine.map(PressParts(root), orders))
    bases = {
        (one.cohort, one.base.hex): unpack(one.packed.layer.data)
        for one in outcomes
        if isinstance(one, Parted) and one.packed is not None
    }
    return outcomes, bases


def test_base_and_part_together_are_what_a_site_gets_otherwise(tmp_path: Path) -> None:
    plain, sharing = write_fleets(tmp_path, Random(7), templates=40, each=4)
    whole = {
        one.made.site: {file.path: file.content for file in one.manifests.files}
        for one in Serial().map(Render(plain), [Order(file) for file in Workspace(plain).index.sites.values()])
        if isinstance(one, Rendered)
    }

    outcomes, bases = parted(sharing, Serial())

    good = [one for one in outcomes if isinstance(one, Parted)]
    assert {one.made.site for one in good} == whole.keys()
    assert len(good) > len(outcomes) / 4
    assert any(len(files) > 1 for files in bases.values())
    for one in good:
        assert one.part is not None
        part, base = unpack(one.part.layer.data), bases[one.cohort, one.base.hex]
        assert base_named(part) == one.cohort
        assert {**base, **own_files(part)} == whole[one.made.site]
        assert base.keys().isdisjoint(own_files(part))


def test_a_group_has_one_base_whichever_of_its_sites_made_it(tmp_path: Path) -> None:
    _, sharing = write_fleets(tmp_path, Random(11), templates=40, each=4)

    contents: dict[str, set[str]] = defaultdict(set)
    members: dict[str, int] = defaultdict(int)
    for one in parted(sharing, Serial())[0]:
        if isinstance(one, Parted):
            contents[one.cohort].add(one.base.hex)
            members[one.cohort] += 1

    assert max(members.values()) > 1
    assert all(len(found) == 1 for found in contents.values())


def test_engines_and_memo_make_the_same_bases_and_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _, sharing = write_fleets(tmp_path, Random(3), templates=12, each=4)

    def bytes_of(engine: Engine) -> tuple[list[Any], dict[tuple[str, str], dict[str, bytes]]]:
        outcomes, bases = parted(sharing, engine)
        return [
            (one.made, one.cohort, one.base, one.part.manifest if one.part else None)
            if isinstance(one, Parted)
            else one
            for one in outcomes
        ], bases

    expected = bytes_of(Serial())
    spread = bytes_of(Processes(2, chunk=5))
    monkeypatch.setenv("FLEETPRESS_MEMO", "off")

    assert spread == expected
    assert bytes_of(Serial()) == expected


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 4))
def test_dask_makes_the_same_bases_and_parts_of_a_larger_fleet(tmp_path: Path, seed: int) -> None:
    _, sharing = write_fleets(tmp_path, Random(seed), templates=40, each=12)
    cluster = Cluster(workers=2)

    def shown(engine: Engine) -> list[Any]:
        outcomes, bases = parted(sharing, engine)
        good = [one for one in outcomes if isinstance(one, Parted)]
        assert {(one.cohort, one.base.hex) for one in good} == bases.keys()
        return [(one.made, one.cohort, one.base) if isinstance(one, Parted) else one for one in outcomes]

    found = shown(Dask(cluster, chunk=7)), shown(Processes(3, chunk=11))
    cluster.close()

    assert found[0] == found[1] == shown(Serial())
