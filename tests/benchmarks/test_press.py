"""The benchmark runs, and says everything it promises to. What it measures is never judged."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from benchmarks import compressor, difference, press

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.slow
def test_a_report_has_the_machine_the_shares_and_every_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / "bench.json"
    small = ["--sites", "12", "--workers", "2,1", "--repeat", "1", "--sample", "4", "--rounds", "1", "--publish"]

    press.main([*small, "--output", str(output)])

    report = json.loads(output.read_text())
    fleet = report["fleets"][0]
    assert {"cpu", "processors", "memory_mib", "kernel", "python", "packages", "commit", "date"} <= report[
        "machine"
    ].keys()
    assert report["command"].startswith("python benchmarks/press.py --sites 12")
    assert report["parameters"]["site_share"] == 0.2
    assert 0 < fleet["share"]["site_bytes"] < 1
    assert [run["workers"] for run in fleet["press"]] == [2, 1]
    assert all(run["signatures"] == 12 and run["failed"] == 0 for run in fleet["press"])
    assert fleet["publish"][0]["exit_code"] == 0
    assert fleet["copier"]["same_bytes"]
    assert "sites/s" in capsys.readouterr().out


def test_every_compressor_gives_back_what_it_got() -> None:
    found = compressor.compare([b"apiVersion: v1\n" * 500, b"kind: ConfigMap\n" * 700], repeat=1)

    assert {"libdeflate 1", "libdeflate 4", "libdeflate 6", "libdeflate 9", "zlib 6"} <= found.keys()
    assert all(figures["bytes"] < 2000 for figures in found.values())


def test_a_compressor_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compressor, "installed", lambda _: "not installed")

    found, missing = compressor.compressors()

    assert list(found) == ["zlib 6"]
    assert missing == ["deflate", "isal", "zlib-ng"]


@pytest.mark.slow
def test_a_difference_is_measured_in_workers_and_parent(capsys: pytest.CaptureFixture[str]) -> None:
    difference.main(["--sites", "6", "--told", "60"])

    told = capsys.readouterr().out
    assert all(word in told for word in ("rendering both sides", "comparing", "grouping", "text", "json", "html"))
