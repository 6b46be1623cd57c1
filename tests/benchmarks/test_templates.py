"""The comparison of engines runs, and both sides make the same bytes. What it measures is never judged."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from benchmarks import templates

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.slow
def test_every_engine_has_its_turn_and_makes_the_same_bytes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(templates.FOXOPS_VARIABLE, raising=False)
    output = tmp_path / "templates.json"

    templates.main(["--rounds", "1", "--warm", "10", "--output", str(output)])

    report = json.loads(output.read_text())
    assert report["differing"] == []
    assert next(iter(report["engines"])) == "copier, directory"
    assert all(len(figures["rounds_ms"]) == 1 and figures["ms"] > 0 for figures in report["engines"].values())
    assert all(counts["hits"] > 0 and counts["wrong"] == 0 for counts in report["counts"].values())
    assert "fleetpress, memo" in capsys.readouterr().out
