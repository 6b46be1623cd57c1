"""The templates of Copier's own tests give what Copier gives, where they use what is supported.

They are not ours to keep, and most tests write them as they run. So they are recorded; FLEETPRESS_COPIER_TESTS names
the folder:

    FLEETPRESS_COPIER_TESTS=$(ci/record-copier-tests) pytest -m slow -s tests/render/test_copier_suite.py

copier_suite.json says how many of them are equal at least, and how many we are stricter with at most.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from tests.render.verdicts import WRONG, compare

SUITE = Path(os.environ.get("FLEETPRESS_COPIER_TESTS", "does-not-exist"))
GOLDEN = Path(__file__).with_name("copier_suite.json")
SITE = "site-1"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not SUITE.is_dir(), reason="FLEETPRESS_COPIER_TESTS names no folder with what was recorded"),
]


def cases() -> list[tuple[str, Path, dict[str, Any]]]:
    """(name, template, answers): what was recorded, each once."""
    recorded: dict[str, tuple[str, Path, dict[str, Any]]] = {}
    for answers in sorted(SUITE.glob("*/answers.json")):
        files = [path for path in sorted(answers.parent.rglob("*")) if path.is_file()]
        content = [(path.relative_to(answers.parent), path.read_bytes()) for path in files]
        name = answers.parent.name
        recorded.setdefault(repr(content), (name, answers.with_name("template"), json.loads(answers.read_text())))
    return list(recorded.values())


def test_every_template_of_copiers_tests_gives_what_copier_gives(tmp_path: Path) -> None:
    verdicts = {
        name: compare(template, answers, tmp_path / str(index) / SITE)
        for index, (name, template, answers) in enumerate(cases())
    }

    counts = Counter(verdict.kind for verdict in verdicts.values())
    print(f"\n{len(verdicts)} templates: {dict(counts)}")  # noqa: T201 - the figures are for people
    for name, verdict in verdicts.items():
        if verdict.kind != "equal":
            print(f"  {name}: {verdict.kind}: {verdict.why}")  # noqa: T201
    least = json.loads(GOLDEN.read_text())
    assert version("copier") == least["copier"], "record anew, and correct copier_suite.json"
    assert counts["equal"] >= least["equal"]
    assert counts["equal when lenient"] >= least["equal when lenient"]
    assert counts["stricter"] <= least["stricter"]
    assert {name: verdict for name, verdict in verdicts.items() if verdict.kind in WRONG} == {}
