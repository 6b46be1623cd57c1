"""Every file in tests/examples is a test: valid ones have no problem, invalid ones the codes in their first line."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from renderer import strict_yaml
from renderer.types import Manifest, Manifests, Problem, Severity
from renderer.validate import Validator, check_input

if TYPE_CHECKING:
    from collections.abc import Iterable

EXAMPLES = Path(__file__).parents[1] / "examples"
INPUTS = ("fleet", "layer", "site")
MINOR = "1.35"


def files(validity: str, kinds: Iterable[str]) -> list[Path]:
    return sorted(path for kind in kinds for path in (EXAMPLES / validity / kind).iterdir())


def name(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


def check_rendered(path: Path, validator: Validator) -> list[Problem]:
    return validator.check(Manifests("lab", (Manifest(path.name, path.read_bytes()),)), MINOR)


def check_written(path: Path) -> list[Problem]:
    try:
        document = strict_yaml.load(path.read_bytes(), path.name)
    except strict_yaml.YamlError as error:
        return list(error.problems)
    return check_input(path.parent.name, document)


def expected(path: Path) -> set[str]:
    first = path.read_text().splitlines()[0]
    assert first.startswith("# expect: FP"), "the first line says which codes are expected"
    return set(first.removeprefix("# expect: ").split())


def assert_told_well(problems: list[Problem], path: Path) -> None:
    assert {problem.code.value for problem in problems} == expected(path), problems
    for problem in problems:
        assert problem.where is not None
        assert problem.where.file == path.name
        assert problem.hint, problem
        assert "planted" not in f"{problem.what} {problem.hint}"


@pytest.mark.parametrize("path", files("valid", ["rendered"]), ids=name)
def test_a_valid_rendered_file_has_no_problem(path: Path, validator: Validator) -> None:
    assert check_rendered(path, validator) == []


@pytest.mark.parametrize("path", files("invalid", ["rendered"]), ids=name)
def test_an_invalid_rendered_file_has_the_problems_its_first_line_names(path: Path, validator: Validator) -> None:
    assert_told_well(check_rendered(path, validator), path)


# Of references, test_references.py asks: they are judged only where the fleet wants it.
WARNED = [path for path in files("warned", ["rendered"]) if not path.stem.startswith("reference")]


@pytest.mark.parametrize("path", WARNED, ids=name)
def test_a_dubious_rendered_file_has_the_warnings_its_first_line_names(path: Path, validator: Validator) -> None:
    problems = check_rendered(path, validator)

    assert_told_well(problems, path)
    assert {problem.severity for problem in problems} == {Severity.WARNING}


@pytest.mark.parametrize("path", files("valid", INPUTS), ids=name)
def test_a_valid_input_file_has_no_problem(path: Path) -> None:
    assert check_written(path) == []


@pytest.mark.parametrize("path", files("invalid", INPUTS), ids=name)
def test_an_invalid_input_file_has_the_problems_its_first_line_names(path: Path) -> None:
    assert_told_well(check_written(path), path)


def test_the_corpora_are_not_empty() -> None:
    assert len(files("invalid", ["rendered"])) >= 220
    assert len(files("invalid", INPUTS)) >= 30
    assert len(files("valid", [*INPUTS, "rendered"])) >= 25


def test_there_are_hundreds_of_bad_files_with_their_codes_and_of_good_ones() -> None:
    bad = [path for path in (EXAMPLES / "invalid").glob("*/*") if path.is_file()]
    templates = [path for path in (EXAMPLES / "invalid" / "template").iterdir() if path.is_dir()]
    good = [path for path in (EXAMPLES / "valid").glob("*/*") if path.is_file()]

    assert all(expected(path) for path in bad)
    assert len(bad) + len(templates) >= 480
    assert len(good) >= 350
