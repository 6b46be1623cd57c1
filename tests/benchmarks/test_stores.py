"""The benchmarks of stores and of pushes run, and count what they write. Their times are never judged."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from benchmarks import push, stores
from tests.judges import programs

if TYPE_CHECKING:
    from pathlib import Path


def test_both_forms_take_all_sites_and_give_them_back(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / "stores.json"

    stores.main(
        ["--sites", "40", "--layer", "500", "--rounds", "1", "--folder", str(tmp_path), "--output", str(output)]
    )

    rounds = json.loads(output.read_text())["rounds"]
    ((folders,), (archives,)) = rounds["oci-layout"], rounds["oci-archive"]
    assert folders["files"] > 40 * 4
    assert archives["files"] <= 2 * 40
    assert min(archives.values()) > 0
    assert "oci-archive" in capsys.readouterr().out


@pytest.mark.online
def test_a_real_registry_takes_every_site_and_is_sent_nothing_twice(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    programs.require("docker-registry")
    output = tmp_path / "push.json"

    push.main(["--sites", "5", "--layer", "500", "--folder", str(tmp_path), "--output", str(output)])

    (runs,) = json.loads(output.read_text())["figures"].values()
    sent = {name: one["uploads"] for name, one in runs.items()}
    # Config, layer, manifest, bundle, its manifest, the index of signatures, tag; the config is there the second time.
    assert sent == {"new site": 5 * 7, "new content": 5 * 6, "nothing to send": 0}
    assert "registry ms" in capsys.readouterr().out
