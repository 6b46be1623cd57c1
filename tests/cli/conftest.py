"""The command as a user runs it, in a small fleet of its own."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from renderer.cli import main
from renderer.sign import generate_key
from tests.build import build_fleet, write

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TEMPLATE = {
    "templates/app/1.0.0/copier.yml": """\
        _subdirectory: template
        _templates_suffix: .jinja
        site: {type: str}
        region: {type: str}
        replicas: {type: int, default: 1, validator: "{% if replicas < 1 %}at least 1{% endif %}"}
        colour: {type: str, default: blue, choices: [blue, red]}
        """,
    "templates/app/1.0.0/template/config.yaml.jinja": """\
        apiVersion: v1
        kind: ConfigMap
        metadata:
          name: app
          namespace: default
        data:
          site: {{ site }}
          region: {{ region }}
          colour: {{ colour }}
          replicas: "{{ replicas }}"
        """,
}
FLEET = """\
name: labs
labels:
  region: [eu, us]
  kubernetes: ["1.35", "1.36"]
layers: [global.yaml, "regions/{region}.yaml"]
registries:
  eu: oci://registry.eu.example/press
  us: oci://registry.us.example/press
"""
FILES = {
    **TEMPLATE,
    "fleet.yaml": FLEET,
    "layers/global.yaml": 'templates: {app: "1.0.0"}\nvalues: {colour: red}\n',
    "layers/regions/us.yaml": "values: {replicas: 2}\n",
    "sites/berlin-01.yaml": 'labels: {region: eu, kubernetes: "1.35"}\n',
    "sites/paris-01.yaml": 'labels: {region: eu, kubernetes: "1.36"}\nvalues: {replicas: 3}\n',
    "sites/austin-01.yaml": 'labels: {region: us, kubernetes: "1.35"}\n',
}


@dataclass(frozen=True)
class Done:
    """What a run left: exit code, stdout, stderr."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Stdout as data; what went wrong when there is none."""
        assert self.out, self.err
        return json.loads(self.out)

    def outcomes(self) -> dict[str, str]:
        """Site -> outcome, of a publication in JSON."""
        return {receipt["site"]: receipt["outcome"] for receipt in self.json["receipts"]}

    def codes(self) -> set[str]:
        """The codes of all problems, of any result in JSON."""
        return {problem["code"] for problem in self.json["problems"]}


class Shop:
    """A fleet in git, a key, a layout to publish to, and the command."""

    def __init__(self, folder: Path, run: Callable[..., Done]) -> None:
        self.folder = folder
        self.root = folder / "fleets" / "labs"
        self.target = f"oci-layout:{folder.parent / 'registry'}"
        self.private, self.public = generate_key(folder.parent / "key")
        self.run = run

    def git(self, *arguments: str) -> None:
        """Run git as somebody, whatever this machine's configuration."""
        who = ("-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false")
        subprocess.run(["git", *who, *arguments], cwd=self.folder, check=True, capture_output=True)

    def edit(self, path: str, text: str) -> None:
        """Write a file, by its path in the fleet's folder or, for templates, in the repository, and commit."""
        write((self.folder if path.startswith("templates/") else self.root) / path, text)
        self.commit()

    def commit(self) -> None:
        """Commit whatever changed."""
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", "change")

    def __call__(self, *arguments: str | Path) -> Done:
        """Run `fleetpress` in the repository."""
        return self.run(*map(str, arguments))

    def publish(self, *arguments: str, to: str | None = None) -> Done:
        """Publish as JSON."""
        return self("publish", "--to", to or self.target, "--key", self.private, "-o", "json", *arguments)

    def verify(self, *arguments: str, key: Path | None = None, to: str | None = None) -> Done:
        """Verify as JSON."""
        return self("verify", "--to", to or self.target, "--key", key or self.public, "-o", "json", *arguments)


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Shop:
    """A committed fleet of three sites; the command runs in its repository."""

    def run(*arguments: str) -> Done:
        capfd.readouterr()
        monkeypatch.setattr("sys.argv", ["fleetpress", *arguments])
        with pytest.raises(SystemExit) as end:
            main.run()
        out, err = capfd.readouterr()
        assert "Traceback" not in out + err
        return Done(int(end.value.code or 0), out, err)

    folder = tmp_path / "repository"
    build_fleet(folder, FILES)
    (folder / "schemas").mkdir()
    monkeypatch.chdir(folder)
    for name in ("FLEETPRESS_KEY_PASSWORD", "COSIGN_PASSWORD", "FLEETPRESS_TO", "FLEETPRESS_FLEET"):
        monkeypatch.delenv(name, raising=False)
    opened = Shop(folder, run)
    opened.git("init", "-q", "-b", "main")
    opened.commit()
    return opened
