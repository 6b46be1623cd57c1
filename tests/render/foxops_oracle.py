"""Renders with FoxOps' own engine, which needs a Python of its own (3.12 or later).

As a module: `find_python` and `foxops_results`, which run this file in that Python. As a program: reads jobs as JSON
from stdin, writes results as JSON to stdout; nothing of fleetpress is imported there.

    FLEETPRESS_FOXOPS_PYTHON=… python tests/render/foxops_oracle.py --golden    writes golden.json of every template

It never gets a template whose path could come out as absolute: FoxOps would write there.
"""

from __future__ import annotations

import asyncio
import base64
import importlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

VARIABLE = "FLEETPRESS_FOXOPS_PYTHON"
CORPUS = Path(__file__).parent / "foxops"
VERSION_FILE = CORPUS / "VERSION"
STATE = ".fengine.yaml"
REPOSITORY, REPOSITORY_VERSION = "sample", "1.0.0"


def find_python() -> str | None:
    """The interpreter that can import foxops, or None."""
    python = os.environ.get(VARIABLE)
    if not python:
        return None
    done = subprocess.run([python, "-c", "import foxops.engine"], capture_output=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{VARIABLE} is set, but {python} cannot import foxops: {done.stderr.decode()[-500:]}")
    return python


def foxops_results(python: str, jobs: list[dict[str, Any]]) -> dict[str, Any]:
    """FoxOps' version, and for each job ({"template": folder, "values": …}) its files, or its error."""
    done = subprocess.run([python, "-P", __file__], input=json.dumps(jobs), capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    results: dict[str, Any] = json.loads(done.stdout)
    return results


def corpus() -> list[tuple[Path, list[dict[str, Any]]]]:
    """Every folder of the corpus with its cases, in order."""
    import yaml

    folders = sorted(path for path in CORPUS.iterdir() if path.is_dir())
    return [(folder, yaml.safe_load((folder / "cases.yaml").read_text())["cases"]) for folder in folders]


def jobs_of(folder: Path, cases: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What FoxOps is asked for the cases of one template."""
    return [{"template": str(folder / "template"), "values": case["values"]} for case in cases]


def _write_golden(python: str) -> None:
    for folder, cases in corpus():
        answer = foxops_results(python, jobs_of(folder, cases))
        # The words of an error are FoxOps' own; that there is one is what counts.
        golden = [{"error": True} if "error" in result else result for result in answer["results"]]
        text = json.dumps(golden, indent=1, sort_keys=True)
        (folder / "golden.json").write_text(f"{text}\n")
        VERSION_FILE.write_text(f"{answer['version']}\n")


def _serve() -> None:
    import logging
    from importlib import metadata

    structlog: Any = importlib.import_module("structlog")
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    results = [_render(job) for job in json.load(sys.stdin)]
    json.dump({"version": f"foxops {metadata.version('foxops')}", "results": results}, sys.stdout)


def _render(job: dict[str, Any]) -> dict[str, Any]:
    initialization: Any = importlib.import_module("foxops.engine.initialization")

    class NoGit:
        """FoxOps notes the template's commit in its state file, which is no part of what is compared."""

        def __init__(self, _folder: Path) -> None:
            pass

        async def head(self) -> str:
            return "0" * 40

    initialization.GitRepository = NoGit
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder, "made")
        target.mkdir()
        try:
            asyncio.run(
                initialization.initialize_incarnation(
                    Path(job["template"]).resolve(), REPOSITORY, REPOSITORY_VERSION, job["values"], target
                )
            )
        except Exception as error:  # noqa: BLE001 - it raises all kinds of them
            return {"error": f"{type(error).__name__}: {error}"[:500]}
        return {"files": _files(target)}


def _files(target: Path) -> dict[str, dict[str, Any]]:
    return {
        path.relative_to(target).as_posix(): {
            "content": base64.b64encode(path.read_bytes()).decode(),
            "executable": bool(path.stat().st_mode & 0o100),
        }
        for path in sorted(target.rglob("*"))
        if path.is_file() and path != target / STATE
    }


if __name__ == "__main__":
    if sys.argv[1:] == ["--golden"]:
        interpreter = find_python()
        if interpreter is None:
            sys.exit(f"set {VARIABLE} to a Python that can import foxops")
        _write_golden(interpreter)
    else:
        _serve()
