"""A pytest plugin for Copier's own tests: keeps every template that they copy, with the answers they give.

In: COPIER_RECORDED, the folder to write to. Out: there, for each copy, TEST/template and TEST/answers.json.
Never: changes what a test of Copier sees. Left out are the tests that type into a terminal, or need the network.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import Any

from copier._main import Worker

_run_copy = Worker.run_copy
# Copier's tests ask whether they are being measured. They are not.
_tracer = ModuleType("coverage.tracer")
_tracer.CTracer = type("CTracer", (), {})  # type: ignore[attr-defined]
sys.modules.setdefault("coverage", ModuleType("coverage"))
sys.modules.setdefault("coverage.tracer", _tracer)


def pytest_collection_modifyitems(config: Any, items: list[Any]) -> None:
    """Leave out what waits for a terminal or for a server."""
    left_out = [item for item in items if "spawn" in item.fixturenames or item.get_closest_marker("impure")]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


def _record(worker: Any) -> None:
    answers = json.dumps(worker.data)
    test = re.sub(r"[^\w]+", "-", os.environ["PYTEST_CURRENT_TEST"].partition("::")[2].partition(" ")[0])
    folder = Path(tempfile.mkdtemp(prefix=f"{test[:80]}-", dir=os.environ["COPIER_RECORDED"]))
    ignored = shutil.ignore_patterns(".git")
    shutil.copytree(worker.template.local_abspath, folder / "template", symlinks=True, ignore=ignored)
    (folder / "answers.json").write_text(answers)


def _recording(worker: Any) -> None:
    with suppress(Exception):  # a template that cannot be opened, answers that are no JSON: of no use here
        _record(worker)
    _run_copy(worker)


Worker.run_copy = _recording  # type: ignore[method-assign, assignment]
