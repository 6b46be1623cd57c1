"""A file taken apart at its documents is judged as the file as a whole would be."""

from __future__ import annotations

import random
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from renderer.strict_yaml import Piece, split
from renderer.types import Digest, Manifest, Manifests, Problem, References, SchemaSet
from renderer.validate import Validator, reports
from renderer.validate.objects import check_documents

if TYPE_CHECKING:
    from collections.abc import Sequence

    from renderer.types import Document
    from renderer.validate.catalog import Catalog
    from renderer.validate.report import FileReport

EXAMPLES = sorted((Path(__file__).parents[1] / "examples").glob("*/rendered/*.yaml"))
MINOR = "1.35"


@pytest.fixture
def whole(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs an act with files that are never taken apart."""

    def run(act: Any) -> Any:
        with monkeypatch.context() as patched:
            patched.setattr(reports, "split", lambda content: (Piece(0, content),))
            return act()

    return run


def sites(count: int, seed: int) -> list[Manifests]:
    """Sites of files with some of the examples, good and bad, one after the other."""
    chance = random.Random(seed)
    return [
        Manifests(f"lab-{site}", tuple(Manifest(f"{number}/a.yaml", joined(chance)) for number in range(3)))
        for site in range(count)
    ]


def joined(chance: random.Random) -> bytes:
    texts = [path.read_bytes().removesuffix(b"\n") for path in chance.sample(EXAMPLES, chance.randint(1, 6))]
    marks = [chance.choice([b"\n---\n", b"\n--- # a\n", b"\n---\n\n---\n"]) for _ in texts]
    return b"".join(part for pair in zip(texts, marks, strict=True) for part in pair) + b"# end\n"


def told(validator: Validator, several: Sequence[Manifests]) -> list[list[Problem]]:
    return [validator.check(one, MINOR) for one in several]


def test_taking_files_apart_changes_no_problem_and_no_order(schema_set: SchemaSet, whole: Any) -> None:
    several = sites(40, seed=1)
    assert sum(len(split(file.content)) > 1 for one in several for file in one.files) > 60

    found = told(Validator(schema_set, references=References()), several)

    assert found == whole(lambda: told(Validator(schema_set, references=References()), several))
    assert sum(map(len, found)) > 100


def test_what_was_judged_before_changes_nothing(schema_set: SchemaSet) -> None:
    several = sites(12, seed=2)
    used = Validator(schema_set, references=References())
    told(used, sites(12, seed=3))

    assert told(used, several[::-1])[::-1] == [
        told(Validator(schema_set, references=References()), [one])[0] for one in several
    ]


def test_a_document_is_judged_once_for_all_files_that_have_it(monkeypatch: pytest.MonkeyPatch) -> None:
    judged: list[Any] = []

    def counted(documents: Sequence[Document], catalog: Catalog) -> FileReport:
        judged.extend(document.value for document in documents)
        return check_documents(documents, catalog)

    monkeypatch.setattr(reports, "check_documents", counted)
    shared = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: shared, namespace: lab}\n---\n"
    own = shared.replace("shared", "own-NUMBER").removesuffix("---\n")
    validator = Validator(SchemaSet((), Digest.of(b"")))

    for number in range(5):
        text = shared + own.replace("NUMBER", str(number))
        assert validator.check(Manifests("lab", (Manifest("a.yaml", text.encode()),)), MINOR) == []

    assert [value["metadata"]["name"] for value in judged] == ["shared", *(f"own-{number}" for number in range(5))]


def test_problems_of_a_later_document_stand_in_the_lines_of_the_file() -> None:
    good = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: good, namespace: lab}\n"
    bad = good.replace("good", "bad") + "data: {port: 80}\n"
    validator = Validator(SchemaSet((), Digest.of(b"")), references=References())

    text = f"# head\n{good}---\n{bad}---\n{good.replace('good', 'bad')}"
    found = validator.check(Manifests("lab", (Manifest("a.yaml", text.encode()),)), MINOR)

    assert [str(problem.where) for problem in found] == ["a.yaml:4", "a.yaml:8", "a.yaml:9", "a.yaml:13", "a.yaml:13"]
    assert "stands twice: in a.yaml:8 and in a.yaml:13" in found[-2].what + found[-1].what
