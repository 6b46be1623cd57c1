"""A git repository with several templates, as a platform team keeps one: tags `<name>-<version>`, a branch main."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from tests.build import write

if TYPE_CHECKING:
    from pathlib import Path

CONFIG = """\
_subdirectory: template
_templates_suffix: .jinja
site: {{type: str}}
region: {{type: str}}
replicas: {{type: int, default: {replicas}}}
colour: {{type: str, default: blue}}
"""
MANIFEST = """\
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
"""


class Platform:
    """The repository, changed as its owners would."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self.git("init", "-q", "-b", "main")

    def git(self, *arguments: str) -> str:
        """Run git as somebody, whatever this machine's configuration."""
        who = ("-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false")
        done = subprocess.run(["git", *who, *arguments], cwd=self.folder, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def commit(self, replicas: int = 1, extra: str = "") -> str:
        """Commit the template `app` with a default of its own; the commit's id."""
        root = self.folder / "templates/app"
        write(root / "copier.yml", CONFIG.format(replicas=replicas))
        write(root / "template/config.yaml.jinja", MANIFEST + extra)
        write(self.folder / "templates/other/copier.yml", "{}\n")
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", "change")
        return self.git("rev-parse", "HEAD")

    def release(self, version: str, replicas: int = 1, *, annotated: bool = False) -> str:
        """Commit and tag a version of `app`; the commit's id."""
        commit = self.commit(replicas)
        self.tag(version, annotated=annotated)
        return commit

    def tag(self, version: str, *, annotated: bool = False) -> None:
        """Put the version's tag on HEAD, whether it is elsewhere or not."""
        self.git("tag", "-f", *(["-a", "-m", version] if annotated else []), f"app-{version}")
