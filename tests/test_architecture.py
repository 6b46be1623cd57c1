"""The import rule: data flows one way through the stages, and this keeps it so."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "renderer"
LEAVES = {"types", "errors", "exports", "secrets", "strict_yaml"}
STAGES = {"read", "plan", "render", "validate", "pack", "sign", "publish"}
AROUND = {"diff", "engine", "lint", "overlay", "report", "rollout", "scaffold"}
WIRING = {"fleet", "pipeline"}
MODULES = sorted(path for path in ROOT.rglob("*.py"))


def room(module: Path) -> str:
    """The folder or top-level module that a file belongs to; empty for the package itself."""
    parts = module.relative_to(ROOT).with_suffix("").parts
    return "" if parts == ("__init__",) else parts[0]


def imports(module: Path, *, type_checking: bool) -> set[str]:
    """The rooms of ours that a file imports from, wherever in the file the import stands."""
    tree = ast.parse(module.read_text())
    if not type_checking:
        for node in ast.walk(tree):
            if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
                node.body = []
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: imports are absolute"
            module_name = node.module or ""
            found |= {f"renderer.{alias.name}" for alias in node.names} if module_name == "renderer" else {module_name}
    ours = {name.split(".")[1] for name in found if name.startswith("renderer.")}
    return ours - {"__version__"}


def allowed(name: str) -> set[str]:
    if name in {"errors", "exports", ""}:
        return set()
    if name == "types":
        return {"types", "exports"}
    if name in {"secrets", "strict_yaml"}:
        return {"types", "errors", "exports", name}
    if name in STAGES | AROUND:
        return LEAVES | {name}
    if name in WIRING:
        return LEAVES | STAGES | AROUND | {"fleet"}
    return LEAVES | STAGES | AROUND | WIRING | {"cli"}


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_room_imports_only_what_the_rule_allows(module: Path) -> None:
    # types and errors name each other in annotations, which costs nothing at run time.
    found = imports(module, type_checking=room(module) not in {"types", "errors"})

    assert found <= allowed(room(module))


def test_every_room_is_known() -> None:
    rooms = {room(module) for module in MODULES}

    assert rooms == {"", "cli"} | LEAVES | STAGES | AROUND | WIRING


def test_there_are_no_folders_in_folders() -> None:
    assert max(len(module.relative_to(ROOT).parts) for module in MODULES) == 2


def test_wiring_has_no_cycles() -> None:
    edges = {path.stem: fleet_imports(path) for path in (ROOT / "fleet").glob("*.py") if path.stem != "__init__"}
    order: list[str] = []
    while edges:
        ready = sorted(name for name, needs in edges.items() if needs <= set(order))
        assert ready, f"a cycle among {sorted(edges)}"
        order += ready
        edges = {name: needs for name, needs in edges.items() if name not in order}


def fleet_imports(module: Path) -> set[str]:
    """The modules of the folder fleet that a file imports."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module == "renderer.fleet":
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("renderer.fleet."):
            found.add((node.module or "").split(".")[2])
    return found


def test_help_imports_nothing_heavy() -> None:
    heavy = [
        "jinja2",
        "yaml",
        "oras",
        "git",
        "jsonschema",
        "jsonschema_rs",
        "cryptography",
        "copier",
        "distributed",
        "rich",
        "requests",
    ]
    program = f"""
import sys
sys.argv = ["fleetpress", "--help"]
from renderer.cli.main import run
try:
    run()
except SystemExit as end:
    assert end.code == 0
found = [name for name in {heavy!r} if name in sys.modules]
ours = sorted(name for name in sys.modules if name.startswith("renderer."))
assert not found, found
assert all(name.startswith("renderer.cli") for name in ours), ours
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert "Usage: fleetpress" in done.stdout


def test_a_worker_imports_no_client_of_registries() -> None:
    unused = ["urllib3", "requests", "oras", "git", "copier", "cryptography", "jsonschema", "rich", "click"]
    program = f"""
import sys
import renderer.engine.processes
import renderer.fleet.press
found = [name for name in {unused!r} if name in sys.modules]
assert not found, found
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
