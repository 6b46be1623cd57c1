"""Packages import what they offer when it is asked for; that must be what their type checked half says."""

from __future__ import annotations

import ast
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from renderer.exports import lazily

ROOT = Path(__file__).parents[1] / "renderer"
PACKAGES = sorted(path.parent.name for path in ROOT.glob("*/__init__.py") if "lazily(" in path.read_text())


def imports(package: str) -> set[tuple[str, str]]:
    """(module, name) of what a package imports for type checkers; of its own modules, that they are offered."""
    tree = ast.parse((ROOT / package / "__init__.py").read_text())
    checked = [node for node in tree.body if isinstance(node, ast.If)]
    found = [node for branch in checked for node in branch.body if isinstance(node, ast.ImportFrom)]
    return {(node.module or "", alias.name) for node in found for alias in node.names}


def lazy(package: str) -> set[tuple[str, str]]:
    """(module, name) of what a package imports when it is asked."""
    tree = ast.parse((ROOT / package / "__init__.py").read_text())
    (call,) = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "lazily"
    ]
    homes, *modules = [ast.literal_eval(argument) for argument in call.args[1:]]
    own = f"renderer.{package}"
    found = {(f"{own}.{home}", name) for home, names in homes.items() for name in names.split()}
    return found | {(own, name) for names in modules for name in names.split()}


def test_there_are_packages_to_look_at() -> None:
    assert {"types", "read", "render", "validate"} <= set(PACKAGES)


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_offers_what_type_checkers_see(package: str) -> None:
    assert lazy(package) == imports(package)


@pytest.mark.parametrize("package", PACKAGES)
def test_every_name_is_there(package: str) -> None:
    module = import_module(f"renderer.{package}")

    missing = [name for name in module.__all__ if not hasattr(module, name)]

    assert not missing


@pytest.mark.parametrize("package", PACKAGES)
def test_no_name_is_that_of_a_module_beside_it(package: str) -> None:
    modules = {path.stem for path in (ROOT / package).glob("*.py")}

    shadowed = {name for home, name in lazy(package) if home != f"renderer.{package}"} & modules

    assert not shadowed, "import it at once: who imports the module first would find it in the place of the name"


def test_an_unknown_name_is_no_attribute() -> None:
    load = lazily("renderer.types", {"names": "Digest"})

    with pytest.raises(AttributeError, match=r"'renderer\.types' has no attribute 'Nothing'"):
        load("Nothing")


def test_a_package_alone_imports_none_of_its_modules() -> None:
    program = "import sys, renderer.validate; print([name for name in sys.modules if name.startswith('renderer.')])"

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "['renderer.exports', 'renderer.validate']"
