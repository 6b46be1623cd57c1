"""The wheel holds everything that the program needs, and nothing of what lies beside it in a checkout."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, unpacked."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*pip, "--wheel-dir", str(folder), str(ROOT)], check=True)
    (built,) = folder.glob("*.whl")
    with zipfile.ZipFile(built) as archive:
        archive.extractall(folder / "installed")
    return folder / "installed"


def test_every_file_of_the_package_is_in_the_wheel(wheel: Path) -> None:
    package = ROOT / "renderer"
    ours = {path.relative_to(ROOT) for path in package.rglob("*") if path.is_file() and "__pycache__" not in path.parts}

    packed = {path.relative_to(wheel) for path in wheel.rglob("*") if path.is_file()}

    assert ours <= packed
    added = {path.as_posix() for path in packed - ours if path.parts[0] == "renderer"}
    assert all((ROOT / path.removeprefix("renderer/")).is_file() for path in added)
    assert {path.parts[0] for path in packed} == {"renderer", f"{next(wheel.glob('*.dist-info')).name}"}


def test_a_fleet_can_be_made_and_checked_from_the_wheel_alone(wheel: Path, tmp_path: Path) -> None:
    def fleetpress(*arguments: str) -> str:
        program = "from renderer.cli.main import run; run()"
        environment = {**os.environ, "PYTHONPATH": str(wheel)}
        done = subprocess.run(
            [sys.executable, "-c", program, *arguments],
            cwd=tmp_path,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    for ci in ("gitlab", "github"):
        files = json.loads(fleetpress("init", ci, "--answer", f"ci={ci}", "-o", "json"))["files"]
        assert any("ci" in file.partition("/")[0] or file.startswith(".github") for file in files)

    fleetpress("new", "site", "ulm-01", "--label", "ring=broad", "--fleet", "gitlab/fleets/gitlab")
    fleetpress("new", "template", "printer", "--fleet", "gitlab/fleets/gitlab")
    assert fleetpress("validate", "--fleet", "gitlab/fleets/gitlab") == "2 sites checked, no errors\n"
