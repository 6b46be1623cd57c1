"""Verdicts of earlier runs: the same as new ones, or none."""

from __future__ import annotations

import os
import pickle
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from renderer.errors import Code
from renderer.read import load_fleet
from renderer.types import Manifest, Manifests, References, Severity
from renderer.validate import Validator, reports
from renderer.validate.objects import check_file
from renderer.validate.report import FileReport
from renderer.validate.verdicts import decoded, encoded, verdict_key
from tests.build import accept, build_fleet
from tests.validate.support import manifests
from tests.validate.test_admission import config, policy, schemas

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pytest

    from renderer.types import SchemaSet
    from renderer.validate.catalog import Catalog

EXAMPLES = sorted((Path(__file__).parents[1] / "examples").glob("*/rendered/*.yaml"))
MINOR = "1.35"


@dataclass
class Shelf:
    """Keeps everything, and counts."""

    held: dict[bytes, bytes] = field(default_factory=dict)
    found: int = 0

    def find(self, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        found = {key: self.held[key] for key in keys if key in self.held}
        self.found += len(found)
        return found

    def put(self, key: bytes, verdict: bytes) -> None:
        self.held[key] = verdict


def site(path: Path, name: str = "lab") -> Manifests:
    text = path.read_bytes().removesuffix(b"\n") + b"\n---\napiVersion: v1\nkind: Namespace\nmetadata: {name: lab}\n"
    return Manifests(name, (Manifest("a.yaml", path.read_bytes()), Manifest("b.yaml", text)))


def validator(schema_set: SchemaSet, shelf: Shelf | None = None, context: bytes = b"1") -> Validator:
    return Validator(schema_set, references=References(), kept=(shelf, context) if shelf else None)


def test_what_an_earlier_run_has_found_is_what_a_new_one_finds(
    schema_set: SchemaSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf, several = Shelf(), [site(path, f"lab-{number}") for number, path in enumerate(EXAMPLES)]
    new = [validator(schema_set).check(one, MINOR) for one in several]
    first = validator(schema_set, shelf)
    assert [first.check(one, MINOR) for one in several] == new
    assert len(shelf.held) > 0.9 * len(several)
    entries = [decoded(entry) for entry in shelf.held.values()]
    assert all(entry and decoded(encoded(entry)) == entry for entry in entries)

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
        assert decoded(broken) == {}
        assert validator(schema_set, shelf).check(one, MINOR) == good


def test_bytes_that_would_run_something_run_nothing(tmp_path: Path) -> None:
    trap = tmp_path / "trap"

    class Trap:
        def __reduce__(self) -> tuple[object, ...]:
            return Path.touch, (trap,)

    assert decoded(pickle.dumps({b"key": Trap()})) == {}
    assert not trap.exists()


def test_a_kept_verdict_that_is_wrong_is_found_out(schema_set: SchemaSet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reports, "CHECK_ONE_IN", 1)
    one, shelf = site(EXAMPLES[0]), Shelf()
    good = validator(schema_set, shelf).check(one, MINOR)
    wrong = {key: FileReport() for entry in shelf.held.values() for key in decoded(entry)}
    shelf.held = {key: encoded(wrong) for key in shelf.held}

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


def files(name: str, *numbers: int) -> Manifests:
    text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: NAME, namespace: kube-system}\n"
    made = [Manifest(f"{number}.yaml", text.replace("NAME", f"file-{number}").encode()) for number in numbers]
    return Manifests(name, tuple(made))


@contextmanager
def judging(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The names of the objects that are looked at meanwhile."""
    judged: list[str] = []

    def counted(path: str, content: bytes, catalog: Catalog) -> FileReport:
        judged.append(content.split(b"name: ")[1].split(b",")[0].decode())
        return check_file(path, content, catalog)

    with monkeypatch.context() as patched:
        patched.setattr(reports, "check_file", counted)
        patched.setattr(reports, "CHECK_ONE_IN", 1 << 64)
        yield judged


def test_a_site_has_one_entry_and_shared_files_have_their_own(
    schema_set: SchemaSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf = Shelf()
    first = validator(schema_set, shelf)
    for one in (files("lab-1", 0, 1, 2), files("lab-2", 0, 3, 4), files("lab-3", 0, 5, 6)):
        assert first.check(one, MINOR) == []
    assert len(shelf.held) == 4

    with judging(monkeypatch) as judged:
        later = validator(schema_set, shelf)
        assert later.check(files("lab-9", 0, 9), MINOR) == []  # a new site finds what others share
        assert judged == ["file-9"]
        assert later.check(files("lab-2", 0, 3, 7), MINOR) == []
        assert judged == ["file-9", "file-7"]
    with judging(monkeypatch) as judged:
        assert validator(schema_set, shelf).check(files("lab-2", 0, 3, 7), MINOR) == []
        assert judged == []
        assert validator(schema_set, shelf).check(files("lab-2", 4), MINOR) == []
        assert judged == ["file-4"]  # the entry tells of the site as it was last


def test_looking_at_two_states_of_a_site_in_turn_loses_neither(
    schema_set: SchemaSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf = Shelf()
    validator(schema_set, shelf).check(files("lab-1", 1, 2), MINOR)
    comparing = validator(schema_set, shelf)
    comparing.check(files("lab-1", 1, 2), MINOR)
    comparing.check(files("lab-1", 1, 3), MINOR)

    with judging(monkeypatch) as judged:
        assert validator(schema_set, shelf).check(files("lab-1", 1, 3), MINOR) == []
        assert judged == []


def test_secrets_are_not_written_down(schema_set: SchemaSet) -> None:
    shelf, token = Shelf(), "ghp_" + "1B2c3D4e5F6g7H8i9J0kLmNoPqRsTuVwXyZ1"[:36]
    text = f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a, namespace: kube-system}}\ndata: {{token: {token}}}\n"
    site = Manifests("lab", (Manifest("a.yaml", text.encode()), *files("lab", 1).files))

    for _ in range(2):
        found = validator(schema_set, shelf).check(site, MINOR)
        assert [problem.code for problem in found] == [Code.SECRET_RENDERED]
    assert len(shelf.held) == 1
    assert token.encode() not in b"".join(shelf.held.values())


def test_other_rules_for_secrets_have_other_verdicts(schema_set: SchemaSet, tmp_path: Path) -> None:
    shelf, fleet = Shelf(), load_fleet(build_fleet(tmp_path, {}), check=accept)
    rules = b"rules: [{id: house-key, title: A key, pattern: 'hk-(?P<value>[a-z]{8})', keywords: [hk-]}]\n"
    own = replace(schema_set, secrets=("secrets.yaml", rules))
    text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: kube-system}\ndata: {key: hk-qwertzui}\n"
    site = Manifests("lab", (Manifest("a.yaml", text.encode()),))

    assert Validator.of(fleet, schema_set, shelf).check(site, MINOR) == []
    found = Validator.of(fleet, own, shelf).check(site, MINOR)

    assert [problem.code for problem in found] == [Code.SECRET_RENDERED]
