"""Random fleets with templates that are hard to remember rightly: whoever renders them, every byte is the same."""

from __future__ import annotations

import json
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from renderer.engine import Cluster, Dask, Processes, Serial
from renderer.fleet.press import MEMO_VARIABLE, Order, Press, Pressed
from renderer.fleet.workspace import Workspace
from tests.build import build_fleet
from tests.render.shapes import CONFIG, NAMES, PARTS, PATHS, SHAPES, contexts, files_of, random_context

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from renderer.engine import Engine

BASE = {
    "copier.yml": "_subdirectory: t\nsite: {type: str}\n",
    "t/site.yaml.jinja": (
        'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: site, namespace: default}\ndata: {site: "{{ site }}"}\n'
    ),
}
ALL = (*SHAPES, *PATHS, "questions")
# These begin with a parent and have nothing of their own besides its blocks.
_ALONE = {shape for shape, text in SHAPES.items() if "extends" in text}


def template_texts(random: Random, mixed: int) -> list[Mapping[str, str]]:
    """Every shape as a template of its own, and templates of several files and of several shapes in one file."""
    found: list[Mapping[str, str]] = [files_of(shape) for shape in ALL]
    joinable = sorted(SHAPES.keys() - _ALONE)
    for _ in range(mixed):
        files = {"copier.yml": CONFIG, **PARTS}
        for number in range(random.randrange(1, 4)):
            chosen = random.sample(joinable, random.randrange(1, 4))
            files[f"t/out-{number}.txt.jinja"] = "\n".join(SHAPES[shape] for shape in chosen)
        found.append(files)
    return found


def given(context: Mapping[str, Any]) -> dict[str, Any]:
    """A context as values of a file; the site's name is no value."""
    return {name: context[name] for name in NAMES if name in context}


def write_fleet(folder: Path, random: Random, *, mixed: int, each: int) -> Path:
    """A fleet with `each` sites for every template; some values come from layers."""

    def written(content: Any) -> str:
        # What parsers do not agree about is refused before anything is rendered.
        return json.dumps(content).replace("-0.0", "0.0")

    files: dict[str, str | bytes] = {f"templates/base/1.0.0/{path}": text for path, text in BASE.items()}
    for region in ("eu", "us"):
        files[f"layers/regions/{region}.yaml"] = written({"values": given(random_context(random))})
    number = 0
    for index, texts in enumerate(template_texts(random, mixed)):
        files.update({f"templates/t{index}/1.0.0/{path}": text for path, text in texts.items()})
        for context in contexts(random, each):
            labels = {"region": random.choice(["eu", "us"]), "kubernetes": "1.35"}
            pins = {"base": "1.0.0", f"t{index}": "1.0.0"}
            site = {"labels": labels, "templates": pins, "values": given(context)}
            files[f"sites/s-{number:05}.yaml"] = written(site)
            number += 1
    return build_fleet(folder, files)


def pressed(root: Path, engine: Engine) -> list[Any]:
    """What became of every site, as what can be compared: a digest of all bytes, or all problems."""
    orders = [Order(file) for file in Workspace(root).index.sites.values()]
    return [
        (outcome.made, str(outcome.artifact.manifest.digest), outcome.warnings)
        if isinstance(outcome, Pressed)
        else outcome
        for outcome in engine.map(Press(root), orders)
    ]


def without_memo(root: Path) -> list[Any]:
    """The reference: one process, every file of every site rendered anew."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(MEMO_VARIABLE, "off")
        return pressed(root, Serial())


def check(expected: Sequence[Any], found: Mapping[str, Sequence[Any]]) -> None:
    for name, outcomes in found.items():
        for one, other in zip(expected, outcomes, strict=True):
            assert one == other, name
    good = sum(isinstance(outcome, tuple) for outcome in expected)
    assert good > len(expected) / 4, "a fleet of which nothing can be rendered shows nothing"
    assert good < len(expected), "errors have to be the same, too"


def test_a_memo_and_worker_processes_change_no_byte_of_a_random_fleet(tmp_path: Path) -> None:
    root = write_fleet(tmp_path, Random(0), mixed=10, each=2)

    found = {"memo": pressed(root, Serial()), "processes": pressed(root, Processes(2, chunk=17))}

    assert len(ALL) >= 36
    check(without_memo(root), found)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 5))
def test_no_engine_changes_a_byte_of_a_random_fleet(tmp_path: Path, seed: int) -> None:
    random = Random(seed)
    root = write_fleet(tmp_path, random, mixed=30, each=12)
    cluster = Cluster(workers=2)

    found = {
        "memo": pressed(root, Serial()),
        "one process": pressed(root, Processes(1)),
        "three processes": pressed(root, Processes(3, chunk=random.randrange(1, 200))),
        "Dask": pressed(root, Dask(cluster, chunk=random.randrange(1, 200))),
    }

    cluster.close()
    check(without_memo(root), found)
