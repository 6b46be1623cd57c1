"""Builds the judges that are written in Go around Kubernetes' own code.

In: the name of a folder beside this file. Out: the program, built once for its source and kept under build/judges.
Never: builds what is built. Where Go or its modules cannot be had, the test is skipped; in CI, which has ci/install-go,
it fails.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

from tests.judges.programs import missing

_HERE = Path(__file__).resolve().parent
_BUILT = _HERE.parents[1] / "build" / "judges" / "go"


def built(name: str) -> Path:
    """The program of the folder `name`. The first build takes minutes: it compiles Kubernetes."""
    source = _HERE / name
    files = [source / "go.mod", source / "main.go"]
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()[:16]
    program = _BUILT / f"{name}-{digest}"
    if program.is_file():
        return program
    go = shutil.which("go")
    if go is None:
        missing("Go is not installed: run ci/install-go")
    folder = program.with_suffix(f".{os.getpid()}")
    folder.mkdir(parents=True)
    for path in files:
        shutil.copy(path, folder)
    try:
        for step in (["mod", "tidy"], ["build", "-o", "judge", "."]):
            done = subprocess.run([go, *step], cwd=folder, capture_output=True, text=True, check=False)
            if done.returncode:
                missing(f"go {' '.join(step)}: {done.stderr[-300:]}")
        (folder / "judge").replace(program)
    finally:
        shutil.rmtree(folder)
    return program
