"""A command imports what it uses: what it does not load cannot make it slow to start."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from jinja2 import Environment

if TYPE_CHECKING:
    from types import CodeType

    from tests.cli.conftest import Shop

# Nothing that is done on this machine for few sites needs them.
NETWORK = {"requests", "urllib3", "oras", "http", "ssl", "asyncio"}
OTHERS = {"distributed", "git", "copier", "jsonschema", "rich", "ruamel"}
PROCESSES = {"multiprocessing", "concurrent.futures.process", "renderer.engine.processes", "renderer.engine.dask"}
REPORTERS = {f"renderer.report.{form}" for form in ("junit", "tap", "sarif", "github", "gitlab", "markdown")}
COMPARING = {"renderer.diff", "renderer.fleet.comparing", "renderer.fleet.comparisons", "renderer.fleet.snapshots"}
RENDERING = {"jinja2", "renderer.render.compiling", "renderer.render.site", "renderer.pack.artifact"}
VALIDATING = {"cel_expr_python", "renderer.validate.validator", "renderer.validate.rules", "renderer.validate.policies"}
SIGNING = {"cryptography", "renderer.sign.signers"}

PROGRAM = """
import sys
from renderer.cli.main import run
sys.argv = ["fleetpress", *sys.argv[1:]]
try:
    run()
except SystemExit as end:
    assert not end.code, end.code
print("loaded", *sys.modules)
"""


def loaded(*arguments: str) -> set[str]:
    """The modules that are there when a command has ended."""
    done = subprocess.run([sys.executable, "-c", PROGRAM, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.splitlines()[-1].split()[1:])


@pytest.fixture
def changed(shop: Shop) -> Shop:
    """A fleet that is published, of which one site has changed since."""
    shop.publish()
    shop.edit("sites/paris-01.yaml", 'labels: {region: eu, kubernetes: "1.36"}\nvalues: {replicas: 4}\n')
    return shop


def test_a_plan_loads_nothing_that_renders_checks_signs_or_compares(changed: Shop) -> None:
    unused = NETWORK | OTHERS | PROCESSES | REPORTERS | COMPARING | RENDERING | VALIDATING | SIGNING

    found = loaded("plan", "--to", changed.target)

    assert "renderer.fleet.books" in found
    assert sorted(found & unused) == []


def test_to_publish_one_site_into_a_folder_loads_no_network_and_no_workers(changed: Shop) -> None:
    unused = NETWORK | OTHERS | PROCESSES | REPORTERS | COMPARING

    found = loaded("publish", "--to", changed.target, "--key", str(changed.private))

    assert "renderer.render.compiling" in found
    assert sorted(found & unused) == []


def test_a_command_does_not_load_the_others() -> None:
    found = loaded("plan", "--help")

    ours = {name.removeprefix("renderer.cli.") for name in found if name.startswith("renderer.cli.")}
    assert ours == {"commands", "main", "options", "press", "session"}
    assert {name.split(".")[1] for name in found if name.startswith("renderer.")} == {"cli"}


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the texts that Jinja compiles."""
    found: list[str] = []
    make = Environment.compile

    def spy(environment: Environment, source: str, name: str | None = None, filename: str | None = None) -> CodeType:
        found.append(str(filename))
        return make(environment, source, name, filename)

    monkeypatch.setattr(Environment, "compile", spy)
    return found


def test_the_second_run_compiles_no_template(shop: Shop, compiled: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    shop.publish()
    assert "template/config.yaml.jinja" in compiled

    compiled.clear()
    shop.edit("sites/paris-01.yaml", 'labels: {region: eu, kubernetes: "1.36"}\nvalues: {replicas: 4}\n')
    assert shop.publish().outcomes() == {"paris-01": "published"}
    assert not compiled

    monkeypatch.setenv("FLEETPRESS_MEMO", "off")
    shop.edit("sites/paris-01.yaml", 'labels: {region: eu, kubernetes: "1.36"}\nvalues: {replicas: 5}\n')
    assert shop.publish().outcomes() == {"paris-01": "published"}
    assert "template/config.yaml.jinja" in compiled


def test_a_template_that_changed_is_compiled_anew(shop: Shop, compiled: list[str]) -> None:
    shop.publish()
    compiled.clear()

    path = "templates/app/1.0.0/template/config.yaml.jinja"
    shop.edit(path, (shop.folder / path).read_text().replace("site: {{", "place: {{"))

    assert set(shop.publish().outcomes().values()) == {"published"}
    assert "template/config.yaml.jinja" in compiled
