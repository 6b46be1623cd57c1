"""The same digests whoever publishes, where, when, and with how many workers."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from renderer.sign import generate_key
from tests.build import build_fleet

if TYPE_CHECKING:
    from collections.abc import Sequence

pytestmark = pytest.mark.slow

REPOSITORY = Path(__file__).parents[1]
RUN = "from renderer.cli.main import run; run()"
NOBODY = 65534


def published(
    root: Path,
    key: Path,
    to: Path,
    *,
    workers: int = 1,
    umask: int = 0o022,
    become: Sequence[str] = (),
    **settings: Any,
) -> dict[str, str]:
    """Site -> manifest digest of a publication in a process of its own, and of every blob that it left."""
    command = [
        *become,
        sys.executable,
        "-c",
        RUN,
        "publish",
        "--fleet",
        str(root),
        "--to",
        f"oci-layout:{to}",
        "--key",
        str(key),
    ]
    command += ["--serial", "7", "--workers", str(workers), "-o", "json"]
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(REPOSITORY), **settings.pop("env", {})}
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, umask=umask, check=False, **settings
    )
    assert done.returncode == 0, done.stderr
    found = {receipt["site"]: receipt["digest"] for receipt in json.loads(done.stdout)["receipts"]}
    # The ledger's blobs tell the time; all others are the artifacts and their signatures.
    blobs = (path for path in to.rglob("blobs/sha256/*") if "/ledger/" not in str(path))
    return {**found, **{path.name: str(path.stat().st_size) for path in blobs}}


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    private, _ = generate_key(tmp_path_factory.mktemp("key") / "key")
    private.chmod(0o644)
    return private


def checkout(folder: Path, *, mode: int, newest_first: bool) -> Path:
    """A copy of the sample fleet as another machine may have it."""
    files = [
        path for name in ("fleets", "templates", "schemas") for path in (REPOSITORY / name).rglob("*") if path.is_file()
    ]
    for number, path in enumerate(sorted(files, reverse=newest_first)):
        copy = folder / path.relative_to(REPOSITORY)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
        copy.chmod(mode)
        os.utime(copy, (number, number))
    return folder / "fleets/labs"


def test_two_checkouts_on_two_machines_give_the_same_bytes(key: Path, tmp_path: Path) -> None:
    here = published(checkout(tmp_path / "a", mode=0o644, newest_first=False), key, tmp_path / "here")
    elsewhere = {
        "TZ": "Pacific/Kiritimati",
        "LANG": "tr_TR.UTF-8",
        "LC_ALL": "C",
        "PYTHONHASHSEED": "4711",
        "USER": "somebody",
        "HOME": "/nowhere",
        "PYTHONUTF8": "0",
    }
    root = checkout(tmp_path / "b" / "deeper", mode=0o600 if os.getuid() else 0o444, newest_first=True)

    there = published(root, key, tmp_path / "there", umask=0o077, env=elsewhere, cwd=root / "sites")

    assert here == there
    assert len([name for name in here if "-" in name]) >= 60


def test_another_user_gives_the_same_bytes(key: Path, tmp_path: Path) -> None:
    # A user namespace, because a real second user could not read this one's Python.
    become = ["unshare", "--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}"]
    if subprocess.run([*become, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this kernel gives no user namespaces, which is a setting that no package changes")
    root = checkout(tmp_path / "a", mode=0o644, newest_first=False)

    mine = published(root, key, tmp_path / "mine")
    theirs = published(root, key, tmp_path / "theirs", become=become, umask=0o027)

    assert mine == theirs


def test_any_number_of_workers_gives_the_same_bytes_in_the_same_order(key: Path, tmp_path: Path) -> None:
    template = {
        "templates/app/1.0.0/copier.yml": "site: {type: str}\nport: {type: int}\n",
        "templates/app/1.0.0/app.yaml.jinja": (
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: app, namespace: default}\n"
            'data: {site: {{ site }}, port: "{{ port }}"}\n'
        ),
    }
    sites = {
        f"sites/{number % 7}/lab-{number}.yaml": (
            f'labels: {{region: eu, kubernetes: "1.35"}}\ntemplates: {{app: "1.0.0"}}\nvalues: {{port: {number}}}\n'
        )
        for number in range(450)
    }
    fleet = 'name: labs\nlabels:\n  region: [eu]\n  kubernetes: ["1.35"]\nlayers: [global.yaml]\n'
    root = build_fleet(tmp_path / "repository", {**template, **sites, "fleet.yaml": fleet})
    (tmp_path / "repository/schemas").mkdir()

    runs = [published(root, key, tmp_path / f"out-{workers}", workers=workers) for workers in (1, 2, 3)]

    assert runs[0] == runs[1] == runs[2]
    assert list(runs[0]) == list(runs[1]) == list(runs[2])
