"""Verdicts of earlier runs: the same as new ones, or none."""

from __future__ import annotations

import os
import pickle
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from renderer.errors import Code
from renderer.types import Manifest, Manifests, References, Severity
from renderer.validate import Validator, reports
from renderer.validate.report import FileReport
from renderer.validate.verdicts import decoded, encoded, verdict_key
from tests.validate.support import manifests
from tests.validate.test_admission import config, policy, schemas

if TYPE_CHECKING:
    import pytest

    from renderer.types import SchemaSet

EXAMPLES = sorted((Path(__file__).parents[1] / "examples").glob("*/rendered/*.yaml"))
MINOR = "1.35"


@dataclass
class Shelf:
    """Keeps everything, and counts."""

    held: dict[bytes, bytes] = field(default_factory=dict)
    found: int = 0

    def get(self, key: bytes) -> bytes | None:
        self.found += key in self.held
        return self.held.get(key)

    def put(self, key: bytes, verdict: bytes) -> None:
        self.held[key] = verdict


def site(path: Path) -> Manifests:
    text = path.read_bytes().removesuffix(b"\n") + b"\n---\napiVersion: v1\nkind: Namespace\nmetadata: {name: lab}\n"
    return Manifests("lab", (Manifest("a.yaml", path.read_bytes()), Manifest("b.yaml", text)))


def validator(schema_set: SchemaSet, shelf: Shelf | None = None, context: bytes = b"1") -> Validator:
    return Validator(schema_set, references=References(), kept=(shelf, context) if shelf else None)


def test_what_an_earlier_run_has_found_is_what_a_new_one_finds(
    schema_set: SchemaSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf, several = Shelf(), [site(path) for path in EXAMPLES]
    new = [validator(schema_set).check(one, MINOR) for one in several]
    first = validator(schema_set, shelf)
    assert [first.check(one, MINOR) for one in several] == new
    assert len(shelf.held) > len(several)
    reports_held = [decoded(verdict) for verdict in shelf.held.values()]
    assert all(report is not None and decoded(encoded(report)) == report for report in reports_held)

    monkeypatch.setattr(reports, "CHECK_ONE_IN", 1 << 64)
    monkeypatch.setattr(reports, "check_documents", None)
    monkeypatch.setattr(reports, "check_file", None)
    second = validator(schema_set, shelf)
    assert [second.check(one, MINOR) for one in several] == new
    assert shelf.found == len(shelf.held)


def test_bytes_that_are_no_verdict_are_judged_anew(schema_set: SchemaSet) -> None:
    one, shelf = site(EXAMPLES[0]), Shelf()
    good = validator(schema_set, shelf).check(one, MINOR)
    foreign = [pickle.dumps(one) for one in (os.system, Path("x"), 1, "text", {"a": 1}, Severity.ERROR, ())]
    for broken in (b"", b"\xff", b"[]", b"{}", b"[" * 100_000, b"cos\nsystem\n(S'true'\ntR.", *foreign):
        shelf.held = dict.fromkeys(shelf.held, broken)
        assert decoded(broken) is None
        assert validator(schema_set, shelf).check(one, MINOR) == good


def test_bytes_that_would_run_something_run_nothing(tmp_path: Path) -> None:
    trap = tmp_path / "trap"

    class Trap:
        def __reduce__(self) -> tuple[object, ...]:
            return Path.touch, (trap,)

    assert decoded(pickle.dumps(Trap())) is None
    assert not trap.exists()


def test_a_kept_verdict_that_is_wrong_is_found_out(schema_set: SchemaSet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reports, "CHECK_ONE_IN", 1)
    one, shelf = site(EXAMPLES[0]), Shelf()
    good = validator(schema_set, shelf).check(one, MINOR)
    shelf.held = dict.fromkeys(shelf.held, encoded(FileReport()))

    found = validator(schema_set, shelf).check(one, MINOR)

    assert Code.MEMO_WRONG in {problem.code for problem in found}
    assert [problem for problem in found if problem.code is not Code.MEMO_WRONG] == good
    assert validator(schema_set, shelf).check(one, MINOR) == good


def test_another_program_minor_or_content_has_other_verdicts() -> None:
    keys = {
        verdict_key(*parts)
        for parts in (
            (b"a", "1.35", "", b"x"), (b"ax", "1.35", "", b""), (b"a", "1.36", "", b"x"), (b"a", "1.35", "s", b"x"),
            (b"b", "1.35", "", b"x"), (b"a", "1.35", "", b"y"), (b"", "a1.35", "", b"x"),
        )
    }  # fmt: skip

    assert len(keys) == 7


def test_a_verdict_that_depends_on_other_objects_is_not_kept() -> None:
    shelf = Shelf()
    looking = Validator(schemas(policy("namespaceObject.metadata.name == 'x'")), kept=(shelf, b""))

    assert looking.check(manifests(a=config()), MINOR)
    assert shelf.held == {}
