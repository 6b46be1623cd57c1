"""Bad sites among many: every good one is published, every bad one fails for its own reason."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.generate import generate
from renderer.sign import generate_key

PROGRAM = str(Path(sys.executable).with_name("fleetpress"))


@pytest.mark.slow
def test_one_bad_site_in_a_hundred_stops_none_of_the_others(tmp_path: Path) -> None:
    made = generate(tmp_path / "repository", sites=1000, poison=0.01)
    private, public = generate_key(tmp_path / "fleet")
    to = ["--fleet", str(made.root), "--to", f"oci-layout:{tmp_path / 'out'}"]

    publish = [PROGRAM, "publish", *to, "--key", str(private), "--serial", "7", "-o", "json"]
    done = subprocess.run(publish, capture_output=True, text=True, check=False)
    verify = [PROGRAM, "verify", *to, "--key", str(public), "-o", "json"]
    verified = subprocess.run(verify, capture_output=True, text=True, check=False)

    assert done.returncode == 3, done.stderr
    said = json.loads(done.stdout)
    outcomes = {receipt["site"]: receipt["outcome"] for receipt in said["receipts"]}
    assert outcomes == {site: "failed" if site in made.poisoned else "published" for site in made.sites}
    assert len(made.poisoned) == 10
    told: dict[str, list[tuple[str, str]]] = {}
    for problem in said["problems"]:
        for site in problem["sites"]:
            told.setdefault(site, []).append((problem["code"], problem["file"]))
    assert {site: {code for code, _ in found} for site, found in told.items()} == {
        site: {code} for site, code in made.poisoned.items()
    }
    good = [one["outcome"] for one in json.loads(verified.stdout)["sites"] if one["site"] not in made.poisoned]
    assert good == ["verified"] * 990
