"""A pytest plugin for Copier's own tests: keeps every template that they copy, with the answers they give.

In: COPIER_RECORDED, the folder to write to. Out: there, for each copy, TEST/template and TEST/answers.json.
Never: changes what a test of Copier sees.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

from copier._main import Worker

_run_copy = Worker.run_copy


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
