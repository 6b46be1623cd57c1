"""How much CPU time every bomb of the hostile templates takes until it is ended, each in a process of its own.

In: nothing. Out: a table, slowest first: CPU seconds of compiling the template and rendering one site with it, and the
most memory. Never: asserts a time.

    python -m benchmarks.bombs
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time

_MIB = 1024  # ru_maxrss counts KiB


def main() -> None:
    """Run this module once more for each bomb."""
    from tests.render.test_allowance import BOMBS as UNCOUNTED
    from tests.render.test_hostile import BOMBS as COUNTED

    rows = [measured(bomb) for bomb in (*UNCOUNTED.values(), *COUNTED)]
    for seconds, memory, codes, bomb in sorted(rows, reverse=True):
        print(f"{seconds:5.2f} s {memory:5} MiB  {codes:6}  {bomb[:90]}")
    print(f"{len(rows)} bombs, the slowest {max(rows)[0]:.2f} s, the largest {max(row[1] for row in rows)} MiB")


def measured(bomb: str) -> tuple[float, int, str, str]:
    """CPU seconds, MiB, codes of the problems, the bomb."""
    done = subprocess.run([sys.executable, "-m", "benchmarks.bombs", bomb], capture_output=True, check=True, text=True)
    return (*json.loads(done.stdout), bomb)


def explode(bomb: str) -> None:
    """Render one bomb in this process and print what it took."""
    from renderer.render import compile_template
    from renderer.types import Rejected
    from tests.render.support import make_site, make_tree, press

    files = {"copier.yml": "site: {type: str}\n", "out.txt.jinja": "{{ site }}" + bomb}
    begun = time.process_time()
    result = press(compile_template(make_tree(files)), site=make_site())
    seconds = time.process_time() - begun
    codes = sorted({problem.code for problem in result.problems}) if isinstance(result, Rejected) else ["none"]
    print(json.dumps([seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // _MIB, " ".join(codes)]))


if __name__ == "__main__":
    explode(sys.argv[1]) if len(sys.argv) > 1 else main()
