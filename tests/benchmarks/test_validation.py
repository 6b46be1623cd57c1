"""The benchmark of validation runs over a generated fleet and counts what it looks at. Its times are never judged."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from benchmarks import validation
from renderer.validate import reports

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.slow
def test_every_way_sees_the_documents_and_remembers_what_it_may(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("check_file", "check_documents"):
        monkeypatch.setattr(reports, name, getattr(reports, name))  # put back afterwards
    output = tmp_path / "validation.json"

    validation.main(["--sites", "30", "--output", str(output)])

    fleets = json.loads(output.read_text())["fleets"]
    assert {name: found["sites"] for name, found in fleets.items()} == {"sample": 76, "30 generated sites": 30}
    for found in fleets.values():
        cold, again, later, plain = found["ways"].values()
        assert cold["documents"] == again["documents"] == later["documents"] > plain["documents"] > 0
        assert cold["documents"] > cold["validated"] > 0
        assert again["validated"] == 0
        assert later["validated"] < cold["validated"]
        assert plain["share"] == 1
    assert "jsonschema loop" in capsys.readouterr().out
