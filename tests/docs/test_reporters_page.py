"""The page about the forms of a result shows what the command really prints."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from renderer import __version__
from renderer.report import REPORTERS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "reference" / "reporters.md").read_text()
SHOWN = dict(re.findall(r"^## (\w+)\n(?:(?!^## ).*\n)*?```\w+\n((?:.*\n)*?)```$", PAGE, re.MULTILINE))


def test_the_page_shows_every_form() -> None:
    assert set(SHOWN) == set(REPORTERS)


@pytest.mark.slow
def test_each_form_looks_as_the_page_says(tmp_path: Path) -> None:
    for folder in ("fleets", "templates", "schemas"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    layer = tmp_path / "fleets/labs/layers/global.yaml"
    layer.write_text(layer.read_text().replace('schedule: "30 1 ', 'schedule: "30 25 '))
    program = "from renderer.cli.main import run; run()"
    for form in REPORTERS:
        done = subprocess.run(
            [sys.executable, "-c", program, "validate", "berlin-spreelab-01", "-o", form],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 1, done.stderr
        shown = re.sub(r'"version": "0[^"]*"', f'"version": "{__version__}"', SHOWN[form])
        assert done.stdout == shown, form
