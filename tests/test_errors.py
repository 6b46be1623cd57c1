"""Exceptions and values survive the trip to a worker process and back."""

from __future__ import annotations

import importlib
import pickle
import pkgutil

import pytest

import renderer
from renderer.errors import Code, FleetpressError
from renderer.types import Origin, Problem

PROBLEM = Problem(
    Code.SITE_LABEL, "label ring is 'x', expected canary", Origin("a.yaml", 3), "hint", "berlin-01", "ring"
)


def all_errors() -> list[type[FleetpressError]]:
    for module in pkgutil.walk_packages(renderer.__path__, "renderer."):
        importlib.import_module(module.name)
    found = [FleetpressError]
    for error in found:
        found += error.__subclasses__()
    return found


@pytest.mark.parametrize("error", all_errors(), ids=lambda error: error.__name__)
def test_an_error_comes_back_from_a_pickle_as_it_was(error: type[FleetpressError]) -> None:
    raised = error("what happened", problems=[PROBLEM])

    back = pickle.loads(pickle.dumps(raised))

    assert type(back) is error
    assert (str(back), back.problems, back.exit_code) == ("what happened", (PROBLEM,), error.exit_code)


def test_every_exit_code_is_documented() -> None:
    assert {error.exit_code for error in all_errors()} <= {2, 4}


def test_codes_are_unique_and_grouped_by_stage() -> None:
    codes = [code.value for code in Code]

    assert len(set(codes)) == len(Code.__members__)
    assert all(len(code) == 5 and code.startswith("FP") and code[2:].isdigit() for code in codes)
